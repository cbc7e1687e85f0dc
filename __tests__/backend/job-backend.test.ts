import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Claim,
  type HeldLock,
  JobActiveError,
  type JobBackend,
  type Started,
} from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { lockIdOf } from "../../src/backend/lock-id.ts";
import { RemoteBackend } from "../../src/backend/remote/remote-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import type { Holder } from "../../src/scheduler/state-document.ts";
import { lostBy } from "../../testing/errors/lost-lock.ts";
import { Clock, NOON, type RunningServer, runServer } from "../../testing/servers/running-server.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const HOURLY: StartRequest = { jobName: "report of a/b", jobInterval: HOUR };
const RETRIED: StartRequest = { ...HOURLY, retryInterval: MINUTE };
const FIRST: Holder = { repository: "octo-org/reports", runId: "1" };
const SECOND: Holder = { repository: "octo-org/reports", runId: "2" };

let clock: Clock;
let server: RunningServer | undefined;
let backend: JobBackend;

const inTime = () => deadlineIn(10_000);
function claim(holder: Holder | null = FIRST): Claim {
  const idempotencyKey = randomUUID();
  return { idempotencyKey, lockId: lockIdOf(idempotencyKey), holder };
}

const start = (request = HOURLY, holder = FIRST) => backend.start(request, claim(holder), inTime());

async function startedLock(request = HOURLY, holder = FIRST): Promise<HeldLock> {
  const answer = await start(request, holder);
  expect(answer).toMatchObject({ started: true, lock: expect.anything() });
  return (answer as Started).lock as HeldLock;
}

async function stateNow() {
  return (await backend.status(HOURLY.jobName, inTime()))?.state;
}

describe.each<[kind: string, open: () => Promise<JobBackend>]>([
  ["local", async () => new LocalBackend({ store: new MemoryStore(), now: () => clock.now, log: () => {} })],
  [
    "remote",
    async () => {
      server = await runServer({ clock });
      return new RemoteBackend({
        address: server.url,
        credentials: { kind: "none" },
        userAgent: "cronyx-test",
        log: () => {},
      });
    },
  ],
])("in a %s backend", (_, open) => {
  beforeEach(async () => {
    clock = new Clock();
    backend = await open();
  });
  afterEach(async () => {
    await backend.close();
    await server?.close();
    server = undefined;
  });

  describe("renew", () => {
    test("updates the lock, so that the retry interval counts from then", async () => {
      const lock = await startedLock(RETRIED);
      clock.now += MINUTE - 1;
      expect(await backend.renew(lock, inTime())).toMatchObject({
        jobName: HOURLY.jobName,
        intervalStartedAt: NOON - HOUR,
        intervalEndedAt: NOON,
        createdAt: NOON,
        updatedAt: NOON + MINUTE - 1,
        lock: { id: lock.id },
      });
      clock.now += MINUTE - 1;
      expect(await start(RETRIED, SECOND)).toMatchObject({ reason: "active", id: lock.id, holder: FIRST });
      clock.now += 1;
      expect(await start(RETRIED, SECOND)).toMatchObject({ started: true, takenOver: { holder: FIRST, since: NOON } });
    });

    test("of a lock that was taken over names the new holder, and leaves its lock alone", async () => {
      const lock = await startedLock(RETRIED);
      clock.now += MINUTE;
      const taken = await startedLock(RETRIED, SECOND);
      expect((await lostBy(backend.renew(lock, inTime()))).loss).toEqual({
        ending: "taken-over",
        at: NOON + MINUTE,
        holder: SECOND,
      });
      expect((await stateNow())?.active).toMatchObject({ id: taken.id, updatedAt: toIso(NOON + MINUTE) });
    });

    test.each([
      ["finish", "finished"],
      ["interrupt", "interrupted"],
      ["abandon", "interrupted"],
    ] as const)("after %s finds the lock ended", async (end, ending) => {
      const lock = await startedLock();
      await backend[end](lock, inTime());
      expect((await lostBy(backend.renew(lock, inTime()))).loss).toMatchObject({ ending });
      expect((await stateNow())?.active).toBeNull();
    });

    test("keeps the lock that a finish with the older record ends", async () => {
      const lock = await startedLock();
      clock.now += MINUTE;
      await backend.renew(lock, inTime());
      await backend.finish(lock, inTime());
      expect(await stateNow()).toMatchObject({ active: null, finishedUntil: toIso(NOON) });
    });
  });

  describe("resume", () => {
    test("makes the interrupted lock active again with its id and interval, for the new holder", async () => {
      const lock = await startedLock();
      await backend.interrupt(lock, inTime());
      clock.now += MINUTE;
      const resumed = await backend.resume(lock, SECOND, inTime());
      expect(resumed).toMatchObject({
        intervalStartedAt: NOON - HOUR,
        intervalEndedAt: NOON,
        createdAt: NOON,
        updatedAt: NOON + MINUTE,
        lock: { id: lock.id },
      });
      // The caller repeats a resume whose answer was lost.
      const { intervalEndedAt, lock: again } = await backend.resume(lock, SECOND, inTime());
      expect([intervalEndedAt, again.id]).toEqual([NOON, lock.id]);
      expect(await start()).toMatchObject({ reason: "active", id: lock.id, holder: SECOND });
      await backend.finish(lock, inTime());
      expect((await stateNow())?.finishedUntil).toBe(toIso(NOON));
    });

    test("names the holder that was granted the job since, whether its run is active or has ended", async () => {
      const lock = await startedLock();
      await backend.interrupt(lock, inTime());
      const since = await startedLock(HOURLY, SECOND);
      expect((await lostBy(backend.resume(lock, FIRST, inTime()))).grantedSince).toEqual(SECOND);
      await backend.interrupt(since, inTime());
      expect((await lostBy(backend.resume(lock, FIRST, inTime()))).grantedSince).toEqual(SECOND);
      expect((await stateNow())?.active).toBeNull();
    });

    test.each([
      ["finish", "finished"],
      ["abandon", "interrupted"],
    ] as const)("after %s finds the lock ended", async (end, ending) => {
      const lock = await startedLock();
      await backend[end](lock, inTime());
      const lost = await lostBy(backend.resume(lock, FIRST, inTime()));
      expect(lost).toMatchObject({ loss: { ending }, grantedSince: null });
      expect((await stateNow())?.active).toBeNull();
    });

    test("finds the lock ended once its interval was skipped", async () => {
      const lock = await startedLock();
      await backend.interrupt(lock, inTime());
      await backend.skip(HOURLY.jobName, NOON, inTime());
      await lostBy(backend.resume(lock, FIRST, inTime()));
      expect((await stateNow())?.active).toBeNull();
    });

    test("of a job that was never started finds no lock", async () => {
      const lock = { jobName: "never", id: randomUUID(), record: null };
      expect((await lostBy(backend.resume(lock, FIRST, inTime()))).loss).toEqual({ ending: "unknown" });
      expect(await backend.status("never", inTime())).toBeNull();
    });
  });

  describe("skip", () => {
    test("moves the job's progress, records the span, and can be repeated", async () => {
      await backend.finish(await startedLock(), inTime());
      clock.now += 3 * HOUR;
      for (const attempt of [1, 2]) {
        const { state, next } = await backend.skip(HOURLY.jobName, NOON + 2 * HOUR, inTime());
        expect([attempt, state.finishedUntil]).toEqual([attempt, toIso(NOON + 2 * HOUR)]);
        expect(state.skipped).toHaveLength(1);
        expect(state.skipped?.[0]).toMatchObject({
          skippedStartedAt: toIso(NOON),
          skippedEndedAt: toIso(NOON + 2 * HOUR),
        });
        expect(next).toMatchObject({ dueAt: NOON + 3 * HOUR, behind: 0, overdue: false });
      }
      expect(await start()).toMatchObject({ started: true, intervalStartedAt: NOON + 2 * HOUR });
    });

    test("is refused while a lock is active, and names its holder", async () => {
      const lock = await startedLock();
      const error = await backend.skip(HOURLY.jobName, NOON, inTime()).catch((error) => error);
      expect(error).toBeInstanceOf(JobActiveError);
      expect(error).toMatchObject({ holder: FIRST, since: NOON });
      expect((await stateNow())?.active?.id).toBe(lock.id);
    });

    test.each([
      ["in the future", NOON + 1],
      ["before the job's progress", NOON - HOUR],
      ["at the job's progress, which a run has reached", NOON],
    ])("of an instant %s is refused, and changes nothing", async (_, until) => {
      await backend.finish(await startedLock(), inTime());
      const before = await stateNow();
      const error = await backend.skip(HOURLY.jobName, until, inTime()).catch((error) => error);
      expect(error.message).toContain(toIso(until));
      expect(["cannot-skip", "request-refused"]).toContain(error.code);
      expect(await stateNow()).toEqual(before);
    });
  });

  describe("takeOver", () => {
    async function refused() {
      const answer = await start(HOURLY, SECOND);
      if (answer.started || answer.reason !== "active") throw new Error("the lock is not active");
      return { id: answer.id as string, updatedAt: answer.updatedAt as number };
    }

    test("takes over the lock that a refusal named, without a retry interval, under a new id", async () => {
      const lock = await startedLock();
      const takeOver = await refused();
      expect(takeOver).toEqual({ id: lock.id, updatedAt: NOON });
      const taken = await start({ ...HOURLY, takeOver }, SECOND);
      expect(taken).toMatchObject({
        started: true,
        intervalStartedAt: NOON - HOUR,
        takenOver: { holder: FIRST, since: NOON },
      });
      expect((taken as Started).lock?.id).not.toBe(lock.id);
      expect((await lostBy(backend.finish(lock, inTime()))).loss).toMatchObject({
        ending: "taken-over",
        holder: SECOND,
      });
    });

    test("leaves a lock alone that was renewed, or was resumed, since the refusal", async () => {
      const lock = await startedLock();
      let takeOver = await refused();
      clock.now += 1;
      await backend.renew(lock, inTime());
      expect(await start({ ...HOURLY, takeOver }, SECOND)).toMatchObject({ reason: "active", id: lock.id });
      takeOver = await refused();
      clock.now += 1;
      await backend.interrupt(lock, inTime());
      await backend.resume(lock, FIRST, inTime());
      expect(await start({ ...HOURLY, takeOver }, SECOND)).toMatchObject({ reason: "active", id: lock.id });
    });

    test("leaves another lock alone", async () => {
      const dead = await startedLock();
      const takeOver = await refused();
      await backend.interrupt(dead, inTime());
      const { id } = await startedLock();
      expect(await start({ ...HOURLY, takeOver }, SECOND)).toMatchObject({ reason: "active", id });
    });
  });

  describe("the policies of a start", () => {
    test("startsAt chooses the job's very first interval, and no later one", async () => {
      const request = { ...HOURLY, startsAt: NOON - 3 * HOUR };
      const lock = await startedLock(request);
      expect((await stateNow())?.active).toMatchObject({ intervalStartedAt: toIso(NOON - 3 * HOUR) });
      await backend.finish(lock, inTime());
      expect(await start({ ...request, startsAt: NOON - 10 * HOUR })).toMatchObject({
        started: true,
        intervalStartedAt: NOON - 2 * HOUR,
        behind: 1,
      });
    });

    test.each([
      ["each", { intervalStartedAt: NOON, intervalEndedAt: NOON + HOUR, behind: 2, skipped: null }],
      ["merge", { intervalStartedAt: NOON, intervalEndedAt: NOON + 3 * HOUR, behind: 0, skipped: null }],
      [
        "latest",
        {
          intervalStartedAt: NOON + 2 * HOUR,
          intervalEndedAt: NOON + 3 * HOUR,
          behind: 0,
          skipped: { from: NOON, until: NOON + 2 * HOUR },
        },
      ],
    ] as const)("catchUp: %s gives a job that is three intervals behind %j", async (catchUp, interval) => {
      await backend.finish(await startedLock(), inTime());
      clock.now += 3 * HOUR;
      expect(await start({ ...HOURLY, catchUp })).toMatchObject({ started: true, ...interval });
    });
  });
});
