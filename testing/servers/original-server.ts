import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { LockLostError, type StartAnswer } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { type Instant, toIso } from "../../src/scheduler/instant.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../../src/scheduler/start-request.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import type { JobRecord } from "../../src/store/job-store.ts";
import { MemoryStore } from "../stores/memory-store.ts";

/** The fault that one request meets. */
export interface ServerFault {
  /** Milliseconds to wait before the server handles the request. */
  delay?: number;
  /** The server handles the request after it. */
  after?: Promise<unknown>;
  /** Where to cut the connection: before the server handles the request, before the answer, or within the answer. */
  cut?: "before" | "after" | "within";
  /** Send this answer, and do not handle the request. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface ReceivedRequest {
  method: string;
  /** The raw path with its query. */
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** Whether the server has handled the request, or will never handle it. */
  settled: boolean;
}

export interface ServerAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const LENGTH = ["number", "object"];
/** The JavaScript types that the original server accepts for each field of a start. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  jobInterval: ["string", ...LENGTH],
  startBuffer: LENGTH,
  retryInterval: LENGTH,
  requiredJobNames: ["object"],
  timezone: ["string"],
  noLock: ["boolean"],
  jobIntervalStartedAt: ["string"],
};
/** The original server stores an interval in PostgreSQL as a 32-bit number of milliseconds. */
const LONGEST_INTERVAL = 2 ** 31 - 1;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A server on loopback that answers as the original CronyxServer does: docs/rest-api.md, "Where an original server
 * differs". It ignores this project's headers and does not decode the names in the path.
 */
export class OriginalServer {
  /** The requests so far, oldest first. */
  readonly requests: ReceivedRequest[] = [];
  /** @returns the fault for a request; undefined for none. */
  fault: (request: ReceivedRequest) => ServerFault | undefined = () => undefined;
  /** The required login, `username:password`; null if none is required. */
  login: string | null = null;
  now: () => Instant = Date.now;
  /** Whether to reject the values that the original server rejects when it stores locks in PostgreSQL. */
  onPostgres = false;
  /** Whether the server has connected to its store. Until then it answers 404 to everything. */
  connected = true;
  readonly #store = new MemoryStore();
  protected readonly backend = new LocalBackend({ store: this.#store, now: () => this.now(), log: () => {} });
  readonly #server = http.createServer((request, response) => {
    this.#receive(request, response).catch(() => request.socket.destroy());
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @param jobName The name as it stands in the path: this server does not decode it. */
  async state(jobName: string): Promise<JobState | null> {
    return (await this.backend.status(jobName, deadlineIn(1_000)))?.state ?? null;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = "", url = "", headers, socket } = request;
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const received: ReceivedRequest = { method, path: url, headers, body, settled: false };
    this.requests.push(received);
    const fault = this.fault(received) ?? {};
    const { delay = 0, after, cut, status } = fault;
    if (delay > 0) await pause(delay);
    await after;
    const isHandled = cut !== "before" && status === undefined;
    const answer = isHandled
      ? await this.answer(received)
      : { status: status ?? 0, headers: fault.headers ?? {}, body: fault.body ?? "" };
    received.settled = true;
    if (cut === "before" || cut === "after") return void socket.destroy();
    const bytes = Buffer.from(answer.body ?? "");
    response.writeHead(answer.status, { ...answer.headers, "content-length": String(bytes.length) });
    if (cut !== "within") return void response.end(bytes);
    response.flushHeaders();
    response.write(bytes.subarray(0, bytes.length / 2), () => socket.destroy());
  }

  protected async answer(received: ReceivedRequest): Promise<ServerAnswer> {
    const { method, headers, body } = received;
    if (!this.connected) return NOT_FOUND;
    if (this.login !== null && /^Basic\s*$/.test(headers.authorization ?? "")) {
      return json(500, { message: "Cannot read the header" });
    }
    if (this.login !== null && !isLogin(headers.authorization, this.login)) {
      return { status: 401, headers: { "www-authenticate": 'Basic realm="CronyxServer"' } };
    }
    const path = (received.path.split("?")[0] ?? "").replace(/^\/|\/$/g, "").split("/");
    const [jobName = "", id, end] = path;
    if (method === "GET" && received.path === "/healthcheck") return json(200, { ok: true });
    if (method === "POST" && path.length === 1 && jobName !== "") return this.start(jobName, received, body);
    if (method === "PUT" && path.length === 3 && id !== undefined && (end === "finish" || end === "interrupt")) {
      return this.end(jobName, id, end);
    }
    return NOT_FOUND;
  }

  protected async start(jobName: string, { headers }: ReceivedRequest, body: string): Promise<ServerAnswer> {
    const given = headers["content-type"] === "application/json" ? requestIn(jobName, body) : null;
    if (given === null) return json(500, { message: `[{"code":"unrecognized_keys","path":[]}] ${body}` });
    const { jobIntervalStartedAt: _, ...without } = given;
    const request = given.noLock ? given : without;
    const names = [jobName, ...(request.requiredJobNames ?? [])];
    const { records } = await this.#store.read(names);
    const record = records.get(jobName) ?? null;
    // The original server checks a field only when it uses it, so a held job hides a wrong interval.
    if (record?.state.active && !request.noLock && request.retryInterval === undefined) return { status: 200 };
    const prepared = await prepareStart(request).catch(() => withoutChecks(request));
    if (prepared === null) return json(500, { message: `Cannot start job for ${jobName}` });
    const states = new Map([...records].map(([name, { state }]) => [name, state]));
    const decision = decide(prepared, record?.state ?? null, states, this.now());
    if (!decision.started) return { status: 200 };
    const { intervalStartedAt, intervalEndedAt } = decision;
    if (this.onPostgres && intervalEndedAt - intervalStartedAt > LONGEST_INTERVAL) {
      return json(500, { message: `Cannot start job for ${jobName}` });
    }
    return this.#grant({ jobName, record, noLock: prepared.noLock, from: intervalStartedAt, to: intervalEndedAt });
  }

  async #grant({ jobName, record, noLock, from, to }: Grant): Promise<ServerAnswer> {
    const now = this.now();
    // A takeover updates the lock and keeps its id, so the former holder can still end it.
    const { id, createdAt } = record?.state.active ?? { id: randomUUID(), createdAt: toIso(now) };
    const interval = { intervalStartedAt: toIso(from), intervalEndedAt: toIso(to) };
    const times = { createdAt: noLock ? toIso(now) : createdAt, updatedAt: toIso(now) };
    if (!noLock) {
      const active = { id, ...interval, ...times, holder: null, idempotencyKey: null };
      await this.#store.swap(record?.version ?? null, { ...(record?.state ?? newJobState(jobName)), active });
    }
    const lockId = noLock ? null : id;
    return json(200, { id: lockId, name: jobName, interval: to - from, ...interval, isActive: true, ...times });
  }

  protected async end(jobName: string, id: string, end: "finish" | "interrupt"): Promise<ServerAnswer> {
    if (this.onPostgres && !UUID.test(id)) return json(500, { message: `Cannot ${end} job for ${jobName}` });
    try {
      await this.backend[end]({ jobName, id, record: null }, deadlineIn(1_000));
      return { status: 200 };
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
      return json(404, { message: `Cannot find job lock for ${jobName}` });
    }
  }
}

interface Grant {
  readonly jobName: string;
  readonly record: JobRecord | null;
  readonly noLock: boolean;
  readonly from: Instant;
  readonly to: Instant;
}

const NOT_FOUND: ServerAnswer = { status: 404, headers: { "content-type": "text/plain" }, body: "NOT_FOUND" };

/** Like the original server, ignores the text after a second colon, and accepts NUL as both username and password. */
function isLogin(authorization: string | undefined, login: string): boolean {
  const sent = Buffer.from(authorization?.slice("Basic ".length) ?? "", "base64").toString();
  const [username, password] = sent.split(":");
  return sent === "\0:\0" || `${username}:${password}` === login;
}

/** Accepts what only the original server accepts: an interval of no length or a fraction, and a name of any length. */
async function withoutChecks(request: StartRequest): Promise<PreparedStart | null> {
  const { jobName, jobInterval } = request;
  const ms =
    typeof jobInterval === "object" ? millisecondsIfNotForward(jobInterval) : jobInterval === "" ? 0 : jobInterval;
  try {
    const others = {
      ...request,
      jobName: jobName.slice(0, 255),
      jobInterval: typeof ms === "number" ? 1 : jobInterval,
    };
    const prepared = await prepareStart(others);
    if (typeof ms !== "number") return { ...prepared, jobName };
    return {
      ...prepared,
      jobName,
      schedule: {
        fixedLength: null,
        next: (at) => Math.trunc(at + ms),
        previous: (at) => Math.trunc(at - ms),
        seek: () => null,
      },
    };
  } catch {
    return null;
  }
}

/** @returns 0 for a duration that does not move time forward; null for any other. */
function millisecondsIfNotForward(duration: object): number | null {
  return Object.values(duration).every((count) => count <= 0) ? 0 : null;
}

/** @returns null for a body that does not fit the schema; the original server answers 500 to it. */
export function requestIn(jobName: string, body: string): StartRequest | null {
  const fields = fieldsIn(body);
  const isTaken = ([field, value]: [string, unknown]) => value !== null && FIELDS[field]?.includes(typeof value);
  if (fields?.jobInterval === undefined || !Object.entries(fields).every(isTaken)) return null;
  const startedAt = fields.jobIntervalStartedAt;
  return { ...fields, jobName, ...(startedAt && { jobIntervalStartedAt: Date.parse(startedAt) }) };
}

// biome-ignore lint/suspicious/noExplicitAny: the body is not checked yet
function fieldsIn(body: string): any {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export function granted(answer: StartAnswer): ServerAnswer | null {
  if (!answer.started) return null;
  const { lock, jobName: name, intervalStartedAt, intervalEndedAt, createdAt, updatedAt } = answer;
  return json(200, {
    id: lock?.id ?? null,
    name,
    interval: intervalEndedAt - intervalStartedAt,
    intervalStartedAt: toIso(intervalStartedAt),
    intervalEndedAt: toIso(intervalEndedAt),
    isActive: true,
    createdAt: toIso(createdAt),
    updatedAt: toIso(updatedAt),
  });
}

export function json(status: number, value: unknown): ServerAnswer {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(value) };
}
