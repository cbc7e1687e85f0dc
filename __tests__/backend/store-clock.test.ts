import { beforeEach, describe, expect, test } from "@jest/globals";
import type { HeldLock, Started } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, MINUTE, SECOND, toIso } from "../../src/scheduler/instant.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import type { Reading } from "../../src/store/job-store.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOURLY: StartRequest = { jobName: "report", jobInterval: HOUR };
const RETRIED: StartRequest = { ...HOURLY, retryInterval: MINUTE };
const DEADLINE = deadlineIn(60_000);

/** A store with a clock of its own. */
class ClockedStore extends MemoryStore {
  afterRead = () => {};

  override async read(names: readonly string[]): Promise<Reading> {
    this.now = storeNow;
    const reading = await super.read(names);
    this.afterRead();
    return reading;
  }
}

let storeNow: number;
let monotonic: number;
let documents: Map<string, { version: string; json: string }>;
let log: string[];

/** A backend on a machine whose clock is `ahead` milliseconds ahead of the store's. */
function backendAt(ahead: number, store = new ClockedStore(documents)) {
  return new LocalBackend({
    store,
    now: () => storeNow + ahead,
    monotonic: () => monotonic,
    log: (line) => log.push(line),
  });
}
let ids = 0;
const claim = () => ({ lockId: `lock-${++ids}`, holder: null, idempotencyKey: "key" });
const started = async (backend: LocalBackend, request = HOURLY) => {
  const answer = await backend.start(request, claim(), DEADLINE);
  expect(answer).toHaveProperty("started", true);
  return answer as Started & { lock: HeldLock };
};

beforeEach(() => {
  [storeNow, monotonic, log, documents] = [NOON, 0, [], new Map()];
});

describe.each([
  ["ahead", 5 * HOUR],
  ["behind", -5 * HOUR],
])("on a machine whose clock is hours %s", (_, ahead) => {
  test("the states tell what is overdue by the store's clock", async () => {
    const { lock } = await started(backendAt(0));
    await backendAt(0).finish(lock, DEADLINE);
    const backend = backendAt(ahead);
    expect((await backend.states(DEADLINE)).jobs).toMatchObject([{ next: { dueAt: NOON + HOUR, overdue: false } }]);
    expect(backend.now()).toBe(NOON);
    storeNow += 2 * HOUR;
    expect((await backendAt(ahead).states(DEADLINE)).jobs).toMatchObject([{ next: { overdue: true, behind: 1 } }]);
    expect(await backendAt(ahead).status("report", DEADLINE)).toMatchObject({ next: { overdue: true } });
  });

  test("no future: a start gets the interval that is due by the store's clock", async () => {
    const backend = backendAt(ahead);
    expect(await started(backend)).toMatchObject({
      intervalStartedAt: NOON - HOUR,
      intervalEndedAt: NOON,
      createdAt: NOON,
      updatedAt: NOON,
    });
  });

  test("each change of a lock records the store's time", async () => {
    const backend = backendAt(ahead);
    const { lock } = await started(backend);
    storeNow += 1_000;
    expect(await backend.renew(lock, DEADLINE)).toMatchObject({ updatedAt: NOON + 1_000 });
    storeNow += 1_000;
    await backend.interrupt({ ...lock, record: null }, DEADLINE);
    expect((await backend.status("report", DEADLINE))?.state.history[0]?.endedAt).toBe(toIso(NOON + 2_000));
    storeNow += 1_000;
    expect(await backend.resume(lock, null, DEADLINE)).toMatchObject({ updatedAt: NOON + 3_000 });
    await backend.finish({ ...lock, record: null }, DEADLINE);
    storeNow += 3 * HOUR;
    const { next } = await backend.skip("report", NOON + 2 * HOUR, DEADLINE);
    expect(next).toMatchObject({ dueAt: NOON + 3 * HOUR, behind: 0 });
    await expect(backend.skip("report", storeNow + 1, DEADLINE)).rejects.toMatchObject({ code: "cannot-skip" });
  });

  test("a finish that reads nothing records the store's time, by the clock's last reading", async () => {
    const backend = backendAt(ahead);
    const { lock } = await started(backend);
    storeNow += MINUTE;
    await backend.finish(lock, DEADLINE);
    expect((await backend.status("report", DEADLINE))?.state.history[0]?.endedAt).toBe(toIso(NOON + MINUTE));
  });

  test("one holder: two machines whose clocks differ take a lock over at the same instant", async () => {
    const right = backendAt(0);
    const wrong = backendAt(ahead);
    await started(wrong, RETRIED);
    storeNow += MINUTE - 1;
    for (const backend of [right, wrong]) {
      expect(await backend.start(RETRIED, claim(), DEADLINE)).toMatchObject({
        reason: "active",
        retryAt: NOON + MINUTE,
      });
    }
    storeNow += 1;
    await started(wrong, RETRIED);
    expect(await right.start(RETRIED, claim(), DEADLINE)).toMatchObject({ reason: "active" });
  });

  test("the difference is logged once, with both times", async () => {
    const backend = backendAt(ahead);
    await started(backend);
    await backend.start(HOURLY, claim(), DEADLINE);
    await backend.status("report", DEADLINE);
    expect(log).toEqual([
      `The clock of this machine says ${toIso(NOON + ahead)}, and the clock of the store ${toIso(NOON)}: decisions go by the store's`,
    ]);
  });
});

test.each([2 * SECOND, -2 * SECOND])("a difference of %d ms leaves the local clock alone", async (ahead) => {
  storeNow = NOON + 30 * MINUTE;
  expect(await started(backendAt(ahead))).toMatchObject({ createdAt: storeNow + ahead });
  expect(log).toEqual([]);
});

test.each([2 * SECOND + 1, -2 * SECOND - 1])("a difference of %d ms does not", async (ahead) => {
  expect(await started(backendAt(ahead))).toMatchObject({ createdAt: NOON });
  expect(log).toHaveLength(1);
});

describe("one holder: a process that was paused between the read and the swap", () => {
  let store: ClockedStore;
  beforeEach(() => {
    store = new ClockedStore(documents);
  });

  function pauseOnce(ms: number): void {
    store.afterRead = () => {
      store.afterRead = () => {};
      monotonic += ms;
      storeNow += ms;
    };
  }

  test("renews its lock before the run starts", async () => {
    pauseOnce(MINUTE);
    // The clock of the machine was set back during the pause, so only the monotonic clock shows the pause.
    const backend = new LocalBackend({ store, now: () => NOON, monotonic: () => monotonic, log: () => {} });
    expect(await backend.start(RETRIED, claim(), DEADLINE)).toMatchObject({ started: true, createdAt: NOON });
    expect((await backend.status("report", DEADLINE))?.state.active?.updatedAt).toBe(toIso(NOON + MINUTE));
  });

  test("decides again after another run took the job over meanwhile", async () => {
    pauseOnce(MINUTE);
    const backend = backendAt(0, store);
    const swap = store.swap.bind(store);
    let other: Started | undefined;
    store.swap = async (expected, state) => {
      store.swap = swap;
      const result = await swap(expected, state);
      other = await started(backendAt(0), RETRIED);
      return result;
    };
    const answer = await backend.start(RETRIED, claim(), DEADLINE);
    expect(answer).toMatchObject({ started: false, reason: "active", id: other?.lock?.id, retryAt: NOON + 2 * MINUTE });
  });

  test("in time starts without a renewal", async () => {
    pauseOnce(MINUTE - 1);
    const backend = backendAt(0, store);
    expect(await backend.start(RETRIED, claim(), DEADLINE)).toMatchObject({ started: true, updatedAt: NOON });
  });
});
