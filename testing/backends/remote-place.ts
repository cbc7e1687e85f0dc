import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, jest } from "@jest/globals";
import type { Claim, HeldLock } from "../../src/backend/job-backend.ts";
import { lockIdOf } from "../../src/backend/lock-id.ts";
import { openBackend } from "../../src/backend/open-backend.ts";
import type { RemoteBackend } from "../../src/backend/remote/remote-backend.ts";
import type { Credentials } from "../../src/backend/remote/server-connection.ts";
import type { ServiceError } from "../../src/errors/service-error.ts";
import { parseLocation } from "../../src/location/location.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { failureOf } from "../errors/failure-of.ts";
import type { OriginalServer, ServerFault } from "../servers/original-server.ts";

export const NOON = Date.parse("2026-11-24T12:00:00Z");
export const JOB = "report of a/b?c#d%é";
export const HOURLY = { jobName: JOB, jobInterval: HOUR };
export const HOLDER = {
  repository: "octo-org/reports",
  job: "日報",
  runUrl: "https://github.com/octo-org/reports/actions/runs/1",
};

export const inTime = () => deadlineIn(10_000);

/** Servers, and backends that ask them. Each of them is closed after its test. */
class RemotePlace {
  /** The servers' clock. */
  now = NOON;
  /** The lines that the backends have logged. */
  log: string[] = [];
  readonly #open = new Set<{ close(): Promise<unknown> }>();

  async serve<Server extends OriginalServer>(kind: new () => Server): Promise<Server> {
    const server = await new kind().listen();
    server.now = () => this.now;
    this.#open.add(server);
    return server;
  }

  async connect(url: string, credentials: Credentials = { kind: "none" }): Promise<RemoteBackend> {
    const backend = await openBackend(parseLocation(url), {
      token: "ghs_token",
      credentials,
      userAgent: "cronyx-test",
      env: {},
      temporary: tmpdir(),
      now: () => this.now,
      log: (line) => this.log.push(line),
    });
    this.#open.add(backend);
    return backend as RemoteBackend;
  }

  async close(server: OriginalServer): Promise<void> {
    this.#open.delete(server);
    await server.close();
  }

  async closeAll(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map((each) => each.close()));
  }
}

/** @returns a place that is empty at the beginning of each test of the file. The waits between attempts are short. */
export function remotePlace(): RemotePlace {
  const place = new RemotePlace();
  beforeEach(() => {
    // The jitter of the waits between attempts: a fiftieth of each wait.
    jest.spyOn(Math, "random").mockReturnValue(0.02);
    place.now = NOON;
    place.log = [];
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await place.closeAll();
  });
  return place;
}

export function claim({ idempotencyKey = randomUUID(), ...more }: Partial<Claim> = {}): Claim {
  return { idempotencyKey, lockId: lockIdOf(idempotencyKey), holder: HOLDER, ...more };
}

export async function started(by: RemoteBackend, more: Partial<Claim> = {}): Promise<HeldLock> {
  const answer = await by.start(HOURLY, claim(more), inTime());
  if (!answer.started || answer.lock === null) throw new Error(`No lock was taken: ${JSON.stringify(answer)}`);
  return answer.lock;
}

/** @returns the error of a call that has to fail, with a message of one sentence. */
export async function sentenceOf(call: Promise<unknown>): Promise<ServiceError> {
  const error = await failureOf(call);
  expect(error.message).not.toMatch(/[.!?] [A-Z]|\n/);
  return error;
}

/** Sets a fault for the first request of this kind. */
export function once(server: OriginalServer, kind: RegExp, fault: ServerFault): void {
  server.fault = ({ method, path }) => {
    if (!kind.test(`${method} ${path}`)) return undefined;
    server.fault = () => undefined;
    return fault;
  };
}

/** @returns the requests that a server has got. */
export function asked(server: OriginalServer): readonly string[] {
  return server.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`);
}
