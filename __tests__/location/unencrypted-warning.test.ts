import { expect, test } from "@jest/globals";
import { parseLocation } from "../../src/location/location.ts";
import { unencryptedWarning } from "../../src/location/unencrypted-warning.ts";

test("plain http to another machine gets a warning with the url, the danger and the remedy", () => {
  expect(unencryptedWarning(parseLocation("http://cronyx.example.com/locks/"))).toBe(
    'The url "http://cronyx.example.com/locks" is plain http, so others on the way can read the credentials and take locks with them: use https',
  );
});

test.each([
  "https://cronyx.example.com",
  "http://localhost:3000",
  "http://127.0.0.1:3000",
  "http://[::1]:3000",
  "git+http://localhost/locks",
  "git+https://github.com/octo-org/locks",
  "git+ssh://git@github.com/octo-org/locks",
])("%s gets no warning", (url) => {
  expect(unencryptedWarning(parseLocation(url))).toBeNull();
});
