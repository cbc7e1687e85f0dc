import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { LockLostError, type StartAnswer } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { type Instant, toIso } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/job-state.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import { MemoryStore } from "../store/memory-store.ts";

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

const FIELDS = [
  ...["jobInterval", "startBuffer", "retryInterval", "requiredJobNames", "timezone"],
  ...["noLock", "jobIntervalStartedAt"],
];

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
  protected readonly backend = new LocalBackend(new MemoryStore(), () => this.now());
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
    if (this.login !== null && headers.authorization !== `Basic ${Buffer.from(this.login).toString("base64")}`) {
      return { status: 401, headers: { "www-authenticate": 'Basic realm="CronyxServer"' } };
    }
    const path = (asked.path.split("?")[0] ?? "").replace(/^\/|\/$/g, "").split("/");
    const [jobName = "", id, end] = path;
    if (method === "GET" && asked.path === "/healthcheck") return json(200, { ok: true });
    if (method === "POST" && path.length === 1 && jobName !== "") return this.start(jobName, asked, body);
    if (method === "PUT" && path.length === 3 && id !== undefined && (end === "finish" || end === "interrupt")) {
      return this.end(jobName, id, end);
    }
    return { status: 404, headers: { "content-type": "text/plain" }, body: "NOT_FOUND" };
  }

  protected async start(jobName: string, _: Asked, body: string): Promise<Answer> {
    const request = requestIn(jobName, body);
    if (request === null) return json(500, { message: `[{"code":"unrecognized_keys","path":[]}] ${body}` });
    const claim = { lockId: randomUUID(), holder: null, idempotencyKey: null };
    return granted(await this.backend.start(request, claim, deadlineIn(1_000))) ?? { status: 200 };
  }

  protected async end(jobName: string, id: string, end: "finish" | "interrupt"): Promise<Answer> {
    try {
      await this.backend[end]({ jobName, id, record: null }, deadlineIn(1_000));
      return { status: 200 };
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
      return json(404, { message: `Cannot find job lock for ${jobName}` });
    }
  }
}

/** @returns null for what the original server answers 500 to. */
export function requestIn(jobName: string, body: string): StartRequest | null {
  const fields = JSON.parse(body);
  if (fields.jobInterval === undefined || Object.keys(fields).some((field) => !FIELDS.includes(field))) return null;
  const startedAt = fields.jobIntervalStartedAt;
  return { ...fields, jobName, ...(startedAt && { jobIntervalStartedAt: Date.parse(startedAt) }) };
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
