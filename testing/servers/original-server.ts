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

/** What becomes of one request. */
export interface Fate {
  /** Milliseconds to wait before the server sees it. */
  delay?: number;
  /** Cut the connection before the server sees the request, after it is done but before its answer, or in the middle of that. */
  cut?: "before" | "after" | "within";
  /** Answer this instead, without asking the server. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface Asked {
  method: string;
  /** As it came. */
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** Whether the server has seen to it, or never will. */
  settled: boolean;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const LENGTH = ["number", "object"];
/** The types that each field of a start takes. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  jobInterval: ["string", ...LENGTH],
  startBuffer: LENGTH,
  retryInterval: LENGTH,
  requiredJobNames: ["object"],
  timezone: ["string"],
  noLock: ["boolean"],
  jobIntervalStartedAt: ["string"],
};
/** What an SQL database has for an interval there: 32 bits of milliseconds. */
const LONGEST_INTERVAL = 2 ** 31 - 1;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A server on loopback that answers as the original CronyxServer does: docs/rest-api.md, "Where an original server
 * differs". It knows nothing of headers, and the path's names stay as they came.
 */
export class OriginalServer {
  /** What it was asked, in order. */
  readonly asked: Asked[] = [];
  fate: (asked: Asked) => Fate | undefined = () => undefined;
  /** The login that it asks for: `username:password`. */
  login: string | null = null;
  now: () => Instant = Date.now;
  /** Whether it keeps its locks in PostgreSQL, which has types of its own. */
  onPostgres = false;
  /** Whether it has got to its store yet. */
  connected = true;
  readonly #store = new MemoryStore();
  protected readonly backend = new LocalBackend(this.#store, () => this.now());
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

  /** What it keeps of a job, by the name that it knows it by. */
  state(jobName: string): Promise<JobState | null> {
    return this.backend.status(jobName, deadlineIn(1_000));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = "", url = "", headers, socket } = request;
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const asked: Asked = { method, path: url, headers, body, settled: false };
    this.asked.push(asked);
    const { delay = 0, cut, status, headers: said, body: text } = this.fate(asked) ?? {};
    if (delay > 0) await pause(delay);
    const own = cut === "before" || status !== undefined;
    const answer = own ? { status: status ?? 0, headers: said ?? {}, body: text ?? "" } : await this.answer(asked);
    asked.settled = true;
    if (cut === "before" || cut === "after") return void socket.destroy();
    const bytes = Buffer.from(answer.body ?? "");
    response.writeHead(answer.status, { ...answer.headers, "content-length": String(bytes.length) });
    if (cut !== "within") return void response.end(bytes);
    response.flushHeaders();
    response.write(bytes.subarray(0, bytes.length / 2), () => socket.destroy());
  }

  protected async answer(asked: Asked): Promise<Answer> {
    const { method, headers, body } = asked;
    if (!this.connected) return NOT_FOUND;
    if (this.login !== null && /^Basic\s*$/.test(headers.authorization ?? "")) {
      return json(500, { message: "Cannot read the header" });
    }
    if (this.login !== null && !isLogin(headers.authorization, this.login)) {
      return { status: 401, headers: { "www-authenticate": 'Basic realm="CronyxServer"' } };
    }
    const path = (asked.path.split("?")[0] ?? "").replace(/^\/|\/$/g, "").split("/");
    const [jobName = "", id, end] = path;
    if (method === "GET" && asked.path === "/healthcheck") return json(200, { ok: true });
    if (method === "POST" && path.length === 1 && jobName !== "") return this.start(jobName, asked, body);
    if (method === "PUT" && path.length === 3 && id !== undefined && (end === "finish" || end === "interrupt")) {
      return this.end(jobName, id, end);
    }
    return NOT_FOUND;
  }

  protected async start(jobName: string, { headers }: Asked, body: string): Promise<Answer> {
    const given = headers["content-type"] === "application/json" ? requestIn(jobName, body) : null;
    if (given === null) return json(500, { message: `[{"code":"unrecognized_keys","path":[]}] ${body}` });
    const { jobIntervalStartedAt: _, ...without } = given;
    const request = given.noLock ? given : without;
    const names = [jobName, ...(request.requiredJobNames ?? [])];
    const records = await this.#store.read(names);
    const record = records.get(jobName) ?? null;
    // What is wrong with a field shows once it is used.
    if (record?.state.active && !request.noLock && request.retryInterval === undefined) return { status: 200 };
    const prepared = await prepareStart(request).catch(() => withoutChecks(request));
    if (prepared === null) return json(500, { message: `Cannot start job for ${jobName}` });
    const states = new Map([...records].map(([name, { state }]) => [name, state]));
    const decision = decide(prepared, record?.state ?? null, states, this.now());
    if (!decision.granted) return { status: 200 };
    const { intervalStartedAt, intervalEndedAt } = decision;
    if (this.onPostgres && intervalEndedAt - intervalStartedAt > LONGEST_INTERVAL) {
      return json(500, { message: `Cannot start job for ${jobName}` });
    }
    return this.#grant(jobName, record, prepared.noLock, intervalStartedAt, intervalEndedAt);
  }

  async #grant(
    jobName: string,
    record: JobRecord | null,
    noLock: boolean,
    from: Instant,
    to: Instant,
  ): Promise<Answer> {
    const now = this.now();
    // A takeover is the same lock, updated: whoever had it before can still end it.
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

  protected async end(jobName: string, id: string, end: "finish" | "interrupt"): Promise<Answer> {
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

const NOT_FOUND: Answer = { status: 404, headers: { "content-type": "text/plain" }, body: "NOT_FOUND" };

/** Of what stands between colons it looks at two: a password with a colon never matches, and NULs are nobody's name. */
function isLogin(authorization: string | undefined, login: string): boolean {
  const sent = Buffer.from(authorization?.slice("Basic ".length) ?? "", "base64").toString();
  const [username, password] = sent.split(":");
  return sent === "\0:\0" || `${username}:${password}` === login;
}

/** An interval that moves no time, or by a fraction, and a name of any length are taken; other faults are null. */
async function withoutChecks(request: StartRequest): Promise<PreparedStart | null> {
  const { jobName, jobInterval } = request;
  const ms = typeof jobInterval === "object" ? stillIn(jobInterval) : jobInterval === "" ? 0 : jobInterval;
  try {
    const others = {
      ...request,
      jobName: jobName.slice(0, 255),
      jobInterval: typeof ms === "number" ? 1 : jobInterval,
    };
    const prepared = await prepareStart(others);
    if (typeof ms !== "number") return { ...prepared, jobName };
    return { ...prepared, jobName, schedule: { next: (at) => at + ms, previous: (at) => at - ms } };
  } catch {
    return null;
  }
}

/** @returns 0 for a duration that doesn't move time forward; null for any other. */
function stillIn(duration: object): number | null {
  return Object.values(duration).every((count) => count <= 0) ? 0 : null;
}

/** @returns null for what the original server answers 500 to at once: its schema doesn't fit. */
export function requestIn(jobName: string, body: string): StartRequest | null {
  const fields = fieldsIn(body);
  const isTaken = ([field, value]: [string, unknown]) => value !== null && FIELDS[field]?.includes(typeof value);
  if (fields?.jobInterval === undefined || !Object.entries(fields).every(isTaken)) return null;
  const startedAt = fields.jobIntervalStartedAt;
  return { ...fields, jobName, ...(startedAt && { jobIntervalStartedAt: Date.parse(startedAt) }) };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever was sent
function fieldsIn(body: string): any {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export function granted(answer: StartAnswer): Answer | null {
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

export function json(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(value) };
}
