import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Effect, ServiceError } from "../../src/errors/service-error.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HttpConnection } from "../../src/network/http.ts";
import type { HttpRequest } from "../../src/network/http-exchange.ts";

let server: http.Server;
let answer: http.RequestListener;
let url: URL;
let connection: HttpConnection;
let connections: number;

beforeEach(async () => {
  connections = 0;
  server = http.createServer((request, response) => {
    request.resume().on("end", () => answer(request, response));
  });
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  connection = new HttpConnection({ place: "The server", userAgent: "cronyx-test" });
});
afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const post = (ms = 5_000, more: Partial<HttpRequest> = {}) =>
  connection.send(
    {
      method: "POST",
      url,
      headers: { accept: "text/plain" },
      authorization: null,
      body: Buffer.from("Hello"),
      writes: true,
      followsToOtherOrigins: true,
      ...more,
    },
    deadlineIn(ms),
  );

const failureOf = async (call: Promise<unknown>): Promise<ServiceError> => {
  const error = await call.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
};

/** @returns the failure of a request that may succeed if it is sent again. */
const transientOf = async (call: Promise<unknown>): Promise<ServiceError> => {
  const error = await failureOf(call);
  expect(error).toMatchObject({ code: "unreachable", retryAfter: expect.any(Number) });
  return error;
};

test("an answer that switches protocols is no answer, and the request ends at its deadline", async () => {
  answer = (request) =>
    request.socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  expect(await transientOf(post(200))).toMatchObject({
    message: "The server cannot be reached (no answer in time)",
    effect: "possible",
  });
});

test("requests share a connection, and are whole", async () => {
  const bodies: string[] = [];
  answer = async (request, response) => {
    bodies.push(
      `${request.method} ${request.headers["content-length"]} ${request.headers.accept} ${request.headers["user-agent"]}`,
    );
    response.writeHead(200, { "content-type": "text/plain" }).end("Hi");
  };
  for (let requests = 0; requests < 3; requests++) {
    expect(await post()).toMatchObject({
      status: 200,
      contentType: "text/plain",
      body: Buffer.from("Hi"),
      redirectedTo: null,
    });
  }
  expect(bodies).toEqual(Array(3).fill(expect.stringMatching(/^POST 5 text\/plain cronyx-test/)));
  expect(connections).toBe(1);
});

describe("a server that is too slow", () => {
  test.each<[string, http.RequestListener]>([
    ["without a word", () => {}],
    ["after its headers", (_, response) => response.writeHead(200).flushHeaders()],
    ["half-way", (_, response) => response.writeHead(200, { "content-length": "10" }).write("half")],
  ])("%s, is given up at the deadline, its connection too", async (_, slowly) => {
    answer = slowly;
    expect(await transientOf(post(200))).toHaveProperty("message", "The server cannot be reached (no answer in time)");
    answer = (_, response) => response.end("at last");
    expect(await post()).toMatchObject({ body: Buffer.from("at last") });
    expect(connections).toBe(2);
    expect(await openConnections()).toBe(1);
  });

  test("a deadline that has passed leaves no time to try", async () => {
    answer = () => {};
    expect(await transientOf(post(0))).toHaveProperty("message", "The server cannot be reached (no answer in time)");
  });
});

describe("an unusable answer", () => {
  test("is cut off", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "10" }).write("half", () => response.destroy());
    };
    expect((await transientOf(post())).message).toMatch(/cannot be reached \(.*(ECONNRESET|aborted)\)/);
  });

  test("is endless", async () => {
    answer = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.writeHead(200).on("drain", more);
      more();
    };
    expect(await failureOf(post())).toMatchObject({
      code: "oversized-answer",
      message: "The server sent an answer of over 4194304 bytes",
      effect: "possible",
      retryAfter: null,
    });
  });
});

test.each([
  ["2", 2_000],
  ["0", 0],
  [new Date(0).toUTCString(), 0],
  ["soon", 0],
])("Retry-After: %s is at least %i ms", async (header, least) => {
  answer = (_, response) => response.writeHead(503, { "retry-after": header }).end();
  const { retryAfter } = await transientOf(post());
  expect(retryAfter).toBeGreaterThanOrEqual(least);
  expect(retryAfter).toBeLessThanOrEqual(least * 1.1);
});

test("Retry-After: a date is as far away as it is from the server's Date", async () => {
  const headers = { date: "Tue, 24 Nov 2026 12:00:00 GMT", "retry-after": "Tue, 24 Nov 2026 12:00:07 GMT" };
  answer = (_, response) => response.writeHead(503, headers).end();
  expect((await transientOf(post())).retryAfter).toBe(7000);
});

test("Retry-After: a date is as far away as it is from now, without a Date", async () => {
  const date = Math.floor(Date.now() / 1_000) * 1_000 + 100_000;
  answer = (_, response) => {
    response.sendDate = false;
    response.writeHead(503, { "retry-after": new Date(date).toUTCString() }).end();
  };
  const before = Date.now();
  const { retryAfter } = await transientOf(post());
  expect(retryAfter).toBeGreaterThanOrEqual(date - Date.now());
  expect(retryAfter).toBeLessThanOrEqual(date - before);
});

describe("the effect of a request without a usable answer", () => {
  const answers = (status: number, headers = {}): http.RequestListener => {
    return (_, response) => response.writeHead(status, headers).end();
  };
  const cut: http.RequestListener = (request) => request.socket.destroy();
  const cutWithin: http.RequestListener = (_, response) => {
    response.writeHead(200, { "content-length": "10" }).write("half", () => response.destroy());
  };
  const never: http.RequestListener = () => {};

  test.each<[what: string, writing: Effect, listener: http.RequestListener]>([
    ["500", "possible", answers(500)],
    ["502", "possible", answers(502)],
    ["503", "possible", answers(503)],
    ["504", "possible", answers(504)],
    ["522", "possible", answers(522)],
    ["408", "none", answers(408)],
    ["425", "none", answers(425)],
    ["429", "none", answers(429)],
    ["403 with a Retry-After", "none", answers(403, { "retry-after": "1" })],
    ["a connection that is cut before the answer", "possible", cut],
    ["an answer that is cut", "possible", cutWithin],
    ["no answer in time", "possible", never],
  ])("after %s is %s if it writes, and none if it reads", async (what, writing, listener) => {
    answer = listener;
    const ms = what === "no answer in time" ? 200 : 5_000;
    expect((await transientOf(post(ms, { writes: true }))).effect).toBe(writing);
    expect((await transientOf(post(ms, { writes: false }))).effect).toBe("none");
  });

  test.each([true, false])("whose connection is refused is none: writes is %s", async (writes) => {
    const closed = http.createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    for (const host of ["127.0.0.1", "localhost"]) {
      const error = await transientOf(post(5_000, { url: new URL(`http://${host}:${port}/`), writes }));
      expect(error.message).toContain("ECONNREFUSED");
      expect(error.effect).toBe("none");
    }
  });

  test("whose server speaks no TLS is none, and it is not sent again", async () => {
    const error = await failureOf(post(5_000, { url: new URL(url.href.replace("http:", "https:")) }));
    expect(error).toMatchObject({ code: "tls-failed", effect: "none", retryAfter: null });
  });
});

describe("a redirect to another origin", () => {
  test("is the answer, unless the request follows it", async () => {
    answer = (request, response) => {
      if (request.headers.host === url.host)
        response.writeHead(307, { location: url.href.replace("127.0.0.1", "localhost") });
      response.end(String(request.headers.authorization));
    };
    const authorization = "Bearer secret";
    const { origin } = new URL(url.href.replace("127.0.0.1", "localhost"));
    const refused = await post(5_000, { authorization, followsToOtherOrigins: false });
    expect(refused).toMatchObject({ status: 307, redirectedTo: origin });
    const followed = await post(5_000, { authorization, followsToOtherOrigins: true });
    expect(followed).toMatchObject({ status: 200, redirectedTo: origin, body: Buffer.from("undefined") });
  });

  test.each([
    ["ftp://octo:secret@files.example/a?token=secret#secret", "ftp://files.example/a"],
    ["http://octo:secret@[", "an address that is no URL"],
  ])("is named without what may be a secret: %s", async (location, named) => {
    answer = (_, response) => response.writeHead(302, { location }).end();
    expect(await post()).toMatchObject({ status: 302, redirectedTo: named });
  });
});

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
