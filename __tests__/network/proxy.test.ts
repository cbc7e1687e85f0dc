import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { withoutBrackets } from "../../src/network/host.ts";
import { HttpConnection } from "../../src/network/http.ts";
import { proxyFor } from "../../src/network/proxy.ts";
import { endingDeadline } from "../../testing/clock/ending-deadline.ts";
import { failureOf } from "../../testing/errors/failure-of.ts";

const VARIABLES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];
const env = { ...process.env };
beforeEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});
afterEach(() => {
  process.env = { ...env };
});

const url = new URL("https://git.example.test/r.git");
const hrefOf = (value: string) => proxyFor(url, { https_proxy: value })?.url.href;

describe("the variable of a proxy", () => {
  test.each([
    ["http://proxy:3128", "http://proxy:3128/"],
    ["https://proxy", "https://proxy/"],
    ["HTTP://proxy:3128", "http://proxy:3128/"],
    ["localhost:3128", "http://localhost:3128/"],
    ["proxy", "http://proxy/"],
    ["user:pw@proxy:3128", "http://user:pw@proxy:3128/"],
    ["[::1]:3128", "http://[::1]:3128/"],
    [" http://proxy:3128 ", "http://proxy:3128/"],
    ["http://me:p%40ss@proxy", "http://me:p%40ss@proxy/"],
  ])("%j names %s", (value, href) => {
    expect(hrefOf(value)).toBe(href);
  });

  test.each([
    ["socks5://user:s3cret@proxy:1080", "asks for a socks5: proxy"],
    ["socks://proxy", "asks for a socks: proxy"],
    ["http://user:s3cret%@proxy", "is not the address of a proxy"],
    ["http://user:s3cret%zz@proxy", "is not the address of a proxy"],
    ["http://", "is not the address of a proxy"],
    ["proxy:port", "is not the address of a proxy"],
    ["user:s3cret/@proxy:1", "is not the address of a proxy"],
  ])("%j is refused by the name of the variable", (value, problem) => {
    for (const variable of ["https_proxy", "HTTPS_PROXY"]) {
      let error: unknown;
      try {
        proxyFor(url, { [variable]: value });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject({ code: "proxy-unusable", effect: "none", retryAfter: null });
      expect(actionMessage(error)).toContain(`The variable ${variable} ${problem}`);
      expect(actionMessage(error)).toMatch(/: set that variable to http:\/\/HOST:PORT, or unset it$/);
      expect(actionMessage(error)).not.toContain("s3cret");
    }
  });

  test("counts for its scheme, and not for this machine or where no_proxy leaves it out", () => {
    expect(proxyFor(new URL("http://git.example.test"), { https_proxy: "proxy" })).toBeNull();
    expect(proxyFor(new URL("https://[::1]:8443"), { https_proxy: "socks5://proxy" })).toBeNull();
    process.env.no_proxy = "example.test";
    expect(proxyFor(url, { https_proxy: "proxy" })).toBeNull();
  });
});

test("an IPv6 address loses the brackets of a URL, and a name stays", () => {
  expect(withoutBrackets("[::1]")).toBe("::1");
  expect(withoutBrackets("git.example.test")).toBe("git.example.test");
});

test("a tunnel that the proxy does not answer for is closed at the deadline", async () => {
  const proxy = net.createServer();
  process.env.https_proxy = `http://127.0.0.1:${await listening(proxy, "127.0.0.1")}`;
  const connection = new HttpConnection({ place: "there", userAgent: "cronyx-test" });
  const { deadline, pass } = endingDeadline();
  const failure = failureOf(connection.send({ ...REQUEST, url, followsToOtherOrigins: false }, deadline));
  const [tunnel] = (await once(proxy, "connection")) as [net.Socket];
  await once(tunnel, "data");
  const isClosed = once(tunnel, "close");
  pass();
  expect(await failure).toMatchObject({ code: "unreachable" });
  await isClosed;
  proxy.close();
});

const REQUEST = { method: "GET", headers: {}, authorization: null, body: null, writes: false } as const;

async function send(to: string) {
  const connection = new HttpConnection({ place: "there", userAgent: "cronyx-test" });
  const request = { ...REQUEST, url: new URL(to), followsToOtherOrigins: false };
  try {
    return await connection.send(request, deadlineIn(3_000));
  } finally {
    connection.close();
  }
}

async function listening(server: net.Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

describe("IPv6", () => {
  test("an address is connected to", async () => {
    const server = http.createServer((request, response) => response.end(request.headers.host));
    const port = await listening(server, "::1");
    expect((await send(`http://[::1]:${port}/`)).body.toString()).toBe(`[::1]:${port}`);
    server.close();
  });

  test("a proxy at an address is connected to, also for a target at an address, and without a scheme", async () => {
    const target = http.createServer((request, response) => response.end(request.headers.host));
    const targetPort = await listening(target, "127.0.0.1");
    const connects: (string | undefined)[] = [];
    const sockets: net.Socket[] = [];
    const proxy = http.createServer();
    proxy.on("connect", (request, socket: net.Socket) => {
      connects.push(request.url);
      const onward = net.connect(targetPort, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      sockets.push(
        socket,
        onward.on("error", () => {}),
      );
      socket.on("error", () => {});
    });
    const value = `[::1]:${await listening(proxy, "::1")}`;
    process.env.http_proxy = value;
    expect((await send("http://[fd00::1]:8080/")).body.toString()).toBe("[fd00::1]:8080");
    expect((await send("http://git.example.test/")).body.toString()).toBe("git.example.test:80");
    expect(connects).toEqual(["[fd00::1]:8080", "git.example.test:80"]);
    expect(process.env.http_proxy).toBe(value);
    for (const socket of sockets) socket.destroy();
    proxy.close();
    target.close();
  });
});
