import { expect, test } from "@jest/globals";
import { isSameOrigin } from "../../../src/server/auth/same-origin.ts";

const HOST = { host: "locks.example:8443" };

test.each([
  ["what the page itself sends", { "sec-fetch-site": "same-origin" }, true],
  ["its host's other ports", { "sec-fetch-site": "same-site", origin: "https://locks.example:8443" }, false],
  ["another site", { "sec-fetch-site": "cross-site" }, false],
  ["an address that was typed", { "sec-fetch-site": "none" }, false],
  ["a browser on plain HTTP", { origin: "http://locks.example:8443" }, true],
  ["a browser before a proxy that speaks TLS", { origin: "https://locks.example:8443" }, true],
  ["a host in capitals", { origin: "https://LOCKS.example:8443" }, true],
  ["a port that goes without saying", { origin: "https://locks.example", host: "locks.example:443" }, true],
  ["another host", { origin: "https://evil.example" }, false],
  ["another port", { origin: "https://locks.example" }, false],
  ["a host that begins the same", { origin: "https://locks.example:8443.evil.example" }, false],
  ["a page without an origin", { origin: "null" }, false],
  ["no web page", { origin: "chrome-extension://locks.example:8443" }, false],
  ["no browser", {}, false],
  ["no host", { origin: "https://locks.example", host: undefined }, false],
  ["no host that could be", { origin: "https://locks.example", host: "a b" }, false],
])("%s", (_, headers, is) => {
  expect(isSameOrigin({ ...HOST, ...headers } as never)).toBe(is);
});
