import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { Claim, HeldLock, Started } from "../../../src/backend/job-backend.ts";
import { lockIdOf } from "../../../src/backend/lock-id.ts";
import { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { StartRequest } from "../../../src/scheduler/start-request.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { ExplainingServer } from "../../../testing/servers/explaining-server.ts";
import {
  granted,
  json,
  OriginalServer,
  type ReceivedRequest,
  type ServerAnswer,
} from "../../../testing/servers/original-server.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOURLY: StartRequest = { jobName: "report", jobInterval: HOUR };
const RETRIED: StartRequest = { ...HOURLY, retryInterval: MINUTE };

let now: number;
let monotonic: number;
let server: OriginalServer;
let backend: RemoteBackend;
const closing: (() => Promise<unknown>)[] = [];

async function serve(started: OriginalServer): Promise<void> {
  server = await started.listen();
  server.now = () => now;
  backend = new RemoteBackend({
    address: server.url,
    credentials: { kind: "none" },
    userAgent: "cronyx-test",
    log: () => {},
    monotonic: () => monotonic,
  });
  closing.push(
    () => backend.close(),
    () => server.close(),
  );
}

beforeEach(() => {
  [now, monotonic] = [NOON, 0];
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The header of each answer of this project's server. */
const MARK = { "cronyx-server": "0.0.0" };

const inTime = () => deadlineIn(5_000);
const claim = (idempotencyKey: string = randomUUID()): Claim => ({
  idempotencyKey,
  lockId: lockIdOf(idempotencyKey),
  holder: null,
});
const start = (request = HOURLY) => backend.start(request, claim(), inTime());
const asked = () => server.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, "ID")}`);
const activeNow = async () => (await server.state(HOURLY.jobName))?.active ?? null;

function pass(ms: number): void {
  now += ms;
  monotonic += ms;
}

describe("with an original server", () => {
  beforeEach(() => serve(new OriginalServer()));

  test.each([
    ["renew", "cannot renew a lock", (lock: HeldLock) => backend.renew(lock, inTime())],
    ["resume", "cannot resume a lock", (lock: HeldLock) => backend.resume(lock, null, inTime())],
    ["skip", "cannot skip intervals", ({ jobName }: HeldLock) => backend.skip(jobName, NOON, inTime())],
  ])("%s is an error that names its cause, and no lost lock", async (_, problem, call) => {
    const lock = ((await start()) as Started).lock as HeldLock;
    const error = await failureOf(call(lock));
    expect(error).toMatchObject({ code: "original-server", effect: "none" });
    expect(error.message).toBe(`${server.url} ${problem}, being an original CronyxServer (404)`);
    await backend.finish(lock, inTime());
    expect((await server.state(HOURLY.jobName))?.finishedUntil).toBe(toIso(NOON));
  });

  test.each<[policy: string, more: Partial<StartRequest>]>([
    ["startsAt", { startsAt: NOON - 5 * HOUR }],
    ["catchUp", { catchUp: "latest" }],
    ["catchUp", { catchUp: "merge" }],
  ])("a start that needs %s fails, and leaves no lock: %j", async (policy, more) => {
    const error = await failureOf(start({ ...HOURLY, ...more }));
    expect(error).toMatchObject({ code: "server-too-old", effect: "none" });
    expect(actionMessage(error)).toBe(
      `${server.url} does not know ${policy}, and granted another interval, which was interrupted again: update that server, or leave starts-at and catch-up out`,
    );
    expect(asked()).toEqual([expect.stringMatching(/^POST/), "PUT /report/ID/interrupt"]);
    expect(await activeNow()).toBeNull();
  });

  test("a start without a lock that needs startsAt fails, and names no interrupted interval", async () => {
    const error = await failureOf(start({ ...HOURLY, noLock: true, startsAt: NOON - 5 * HOUR }));
    expect(error).toMatchObject({ code: "server-too-old", effect: "none" });
    expect(error.message).toBe(`${server.url} does not know startsAt, and answered with another interval`);
    expect(asked()).toHaveLength(1);
  });

  test("a lock that cannot be interrupted again is named as one that may be held", async () => {
    server.fault = ({ path }) => (path.endsWith("interrupt") ? { status: 401 } : undefined);
    const error = await failureOf(start({ ...HOURLY, catchUp: "latest" }));
    expect(error).toMatchObject({ code: "server-too-old", effect: "possible", cause: { code: "login-missing" } });
    expect(error.message).toMatch(
      /does not know catchUp, and granted another interval, whose lock may still be active/,
    );
    expect(await activeNow()).not.toBeNull();
  });

  test("a lock that has ended before it is interrupted again leaves nothing open", async () => {
    server.fault = ({ path }) =>
      path.endsWith("interrupt")
        ? { status: 404, headers: { "content-type": "application/json" }, body: '{"message":"Cannot find job lock"}' }
        : undefined;
    expect(await failureOf(start({ ...HOURLY, catchUp: "latest" }))).toMatchObject({
      code: "server-too-old",
      effect: "none",
    });
  });

  test("catchUp: each needs no confirmation", async () => {
    expect(await start({ ...HOURLY, catchUp: "each" })).toMatchObject({ started: true });
    expect(asked()).toEqual(["POST /report?explain=true"]);
  });

  test("one holder: a grant whose answer came late is given up, since it cannot be renewed", async () => {
    server.fault = () => {
      if (monotonic === 0) pass(MINUTE);
      return undefined;
    };
    server.now = () => NOON;
    expect(await start(RETRIED)).toMatchObject({ started: false, reason: "active" });
    expect(asked()).toEqual(["POST /report?explain=true", "PUT /report/ID/renew", "PUT /report/ID/interrupt"]);
    expect(await activeNow()).toBeNull();
  });
});

/** A server whose first answers are late. It may end a lock before it is renewed. */
class SlowServer extends ExplainingServer {
  slowAnswers = 0;
  endsBeforeRenewal = false;

  protected override async explained(received: ReceivedRequest): Promise<ServerAnswer> {
    const [jobName = "", id = "", call] = (received.path.split("?")[0] ?? "").slice(1).split("/");
    if (call === "renew" && this.endsBeforeRenewal) {
      await this.backend.interrupt({ jobName, id, record: null }, inTime());
    }
    const answer =
      call === "renew"
        ? await this.backend
            .renew({ jobName, id, record: null }, inTime())
            .then((lock) => granted({ ...lock, started: true, behind: 0, skipped: null, takenOver: null }))
            .catch(() => json(404, { message: "Cannot find job lock for report", outcome: "taken-over" }))
        : await super.explained(received);
    if (received.method !== "GET" && this.slowAnswers > 0) {
      this.slowAnswers--;
      pass(MINUTE);
    }
    return answer as ServerAnswer;
  }
}

describe("one holder: a grant whose answer comes after the retry interval", () => {
  let slow: SlowServer;
  beforeEach(async () => {
    slow = new SlowServer();
    await serve(slow);
  });

  test("in time is not renewed", async () => {
    expect(await start(RETRIED)).toMatchObject({ started: true, updatedAt: NOON });
    expect(asked()).toEqual(["POST /report?explain=true"]);
  });

  test("is renewed before the run starts", async () => {
    slow.slowAnswers = 1;
    expect(await start(RETRIED)).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + MINUTE });
    expect((await activeNow())?.updatedAt).toBe(toIso(NOON + MINUTE));
  });

  test("is renewed again until a renewal is confirmed in time", async () => {
    slow.slowAnswers = 3;
    expect(await start(RETRIED)).toMatchObject({ started: true, updatedAt: NOON + 3 * MINUTE });
    expect(asked()).toEqual(["POST /report?explain=true", ...Array(3).fill("PUT /report/ID/renew")]);
  });

  test("starts no run when another run has taken the lock over", async () => {
    slow.slowAnswers = 1;
    slow.endsBeforeRenewal = true;
    expect(await start(RETRIED)).toMatchObject({ started: false, reason: "active" });
  });

  test("that cannot be renewed may hold its lock", async () => {
    slow.slowAnswers = 1;
    slow.fault = ({ path }) => (path.endsWith("renew") ? { status: 401, headers: MARK } : undefined);
    expect(await failureOf(start(RETRIED))).toMatchObject({ code: "login-missing", effect: "possible" });
    expect(await activeNow()).not.toBeNull();
  });

  test("with a retry interval of 0 starts without a renewal, since others may take it over at any time", async () => {
    slow.slowAnswers = 1;
    expect(await start({ ...HOURLY, retryInterval: 0 })).toMatchObject({ started: true, updatedAt: NOON });
    expect(asked()).toHaveLength(1);
  });
});

test("a takeover is in the query, which an original server ignores", async () => {
  await serve(new OriginalServer());
  await start();
  const takeOver = { id: "a lock,1", updatedAt: NOON };
  expect(await start({ ...HOURLY, takeOver })).toEqual({ started: false, reason: "unknown" });
  const sent = server.requests.findLast(({ method }) => method === "POST");
  const { searchParams } = new URL(sent?.path ?? "", server.url);
  expect(searchParams.get("takeOver")).toBe(`a lock,1,${toIso(NOON)}`);
  expect(JSON.parse(sent?.body ?? "")).toEqual({ jobInterval: HOUR });
});
