import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HttpConnection, OversizedAnswer } from "../../src/network/http.ts";
import { PassingFault } from "../../src/network/retry.ts";

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
  connection = new HttpConnection("cronyx-test");
});
afterEach(async () => {
  connection.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const post = (ms = 5_000) =>
  connection.send(
    {
      method: "POST",
      url,
      headers: { accept: "text/plain" },
      authorization: null,
      body: Buffer.from("Hello"),
      mayStray: true,
    },
    deadlineIn(ms),
  );

const faultOf = async (call: Promise<unknown>): Promise<PassingFault> => {
  const error = await call.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(PassingFault);
  return error as PassingFault;
};

test("an answer that switches protocols is none, and the deadline is kept", async () => {
  answer = (request) =>
    request.socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  const { message, unsettled } = await faultOf(post(200));
  expect([message, unsettled]).toEqual([`${url.host} can't be reached (no answer in time)`, true]);
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
      strayedTo: null,
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
    const from = performance.now();
    expect(await faultOf(post(200))).toHaveProperty("message", `${url.host} can't be reached (no answer in time)`);
    expect(performance.now() - from).toBeLessThan(1_000);
    answer = (_, response) => response.end("at last");
    expect(await post()).toMatchObject({ body: Buffer.from("at last") });
    expect(connections).toBe(2);
    expect(await openConnections()).toBe(1);
  });

  test("a deadline that has passed leaves no time to try", async () => {
    answer = () => {};
    await faultOf(post(0));
  });
});

describe("an answer that can't be", () => {
  test("is cut off", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "10" }).write("half", () => response.destroy());
    };
    expect((await faultOf(post())).message).toMatch(/can't be reached \(.*(ECONNRESET|aborted)\)/);
  });

  test("is endless", async () => {
    answer = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.writeHead(200).on("drain", more);
      more();
    };
    await expect(post()).rejects.toThrow(new OversizedAnswer("an answer of over 4194304 bytes"));
  });
});

test.each([
  ["2", 2_000],
  ["0", 0],
  [new Date(Date.now() + 100_000).toUTCString(), 95_000],
  [new Date(0).toUTCString(), 0],
  ["soon", 0],
])("Retry-After: %s is at least %i ms", async (header, least) => {
  answer = (_, response) => response.writeHead(503, { "retry-after": header }).end();
  const { retryAfter } = await faultOf(post());
  expect(retryAfter).toBeGreaterThanOrEqual(least);
  expect(retryAfter).toBeLessThanOrEqual(least * 1.1);
});

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
