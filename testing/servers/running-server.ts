import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { createServer } from "../../src/server/create-server.ts";
import type { ServerOptions } from "../../src/server/server-options.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { withoutClock } from "../stores/clockless-store.ts";
import { MemoryStore } from "../stores/memory-store.ts";

export const NOON = Date.parse("2026-11-24T12:00:00Z");

/** A clock that changes only when the test sets it. */
export class Clock {
  now = NOON;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the answer
  readonly json: any;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly store: JobStore;
  readonly clock: Clock;
  /** The lines that the server has logged so far. */
  readonly lines: Record<string, unknown>[];
  /** Sends a request without normalising its path. Node adds its usual headers. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** Sends a start: a POST with a JSON body. */
  start(path: string, body: unknown, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface SendOptions {
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Whether the request has a connection of its own: for a request after which the server closes the connection. Default: false. */
  readonly ownConnection?: boolean;
}

/** Runs a server on loopback. Without other options it uses a store in memory and a stopped clock. */
export async function runServer(
  options: Partial<ServerOptions> & { store?: JobStore; clock?: Clock } = {},
): Promise<RunningServer> {
  const { store = new MemoryStore(), clock = new Clock(), ...more } = options;
  const lines: Record<string, unknown>[] = [];
  const now = () => clock.now;
  const server = await createServer({
    // Tests set the clock, whatever the clock of their store says.
    backend: new LocalBackend({ store: withoutClock(store), now, log: () => {} }),
    store,
    schemes: [],
    timezone: "UTC",
    now,
    newId: randomUUID,
    newDeadline: () => deadlineIn(5_000),
    log: pino({ level: "trace", base: null }, { write: (line) => lines.push(JSON.parse(line)) }),
    version: "0.0.0",
    ...more,
  });
  await server.listen({ host: "127.0.0.1", port: 0, listenTextResolver: () => "" });
  lines.length = 0;
  const { port } = server.server.address() as AddressInfo;
  const agent = new http.Agent({ keepAlive: true });
  const send = (method: string, path: string, { ownConnection = false, ...sent }: SendOptions = {}) =>
    sendRequest({ port, agent: !ownConnection && agent, method, path }, sent);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    store,
    clock,
    lines,
    send,
    start: (path, body, headers = {}) =>
      send("POST", path, { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) }),
    metrics: async () => (await send("GET", "/metrics")).text,
    close: async () => {
      agent.destroy();
      await server.close();
    },
  };
}

function sendRequest(to: http.RequestOptions, { headers, body }: SendOptions) {
  return new Promise<Answer>((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request({ ...to, host: "127.0.0.1", headers: { ...length, ...headers } });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /^application\/json/.test(response.headers["content-type"] ?? "");
        const { statusCode = 0, headers, rawHeaders } = response;
        resolve({
          status: statusCode,
          headers,
          rawHeaders,
          text,
          json: isJson && text !== "" ? JSON.parse(text) : undefined,
        });
      });
    });
    request.end(body);
  });
}
