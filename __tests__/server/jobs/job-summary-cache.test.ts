import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, SECOND, toIso } from "../../../src/scheduler/instant.ts";
import { prepareSchedule } from "../../../src/scheduler/what-comes-next.ts";
import { JobSummaryCache } from "../../../src/server/jobs/job-summary-cache.ts";
import { ScheduleCache } from "../../../src/server/jobs/schedule-cache.ts";
import { HOURLY, lock, NOON, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

/** A store in which each read takes a second, by the test's clock. */
class SlowStore extends MemoryStore {
  reads = 0;
  fails = false;

  override async read(names: readonly string[]) {
    this.reads++;
    now += SECOND;
    if (this.fails)
      throw new ServiceError("database-unreachable", {
        place: "the database",
        problem: "cannot be reached",
        effect: "none",
      });
    return super.read(names);
  }
}

let now: number;
let store: SlowStore;
let summaries: JobSummaryCache;
beforeEach(async () => {
  now = NOON;
  store = new SlowStore();
  await store.swap(null, state("report"));
  summaries = new JobSummaryCache({
    store,
    now: () => now,
    monotonic: () => now,
    newDeadline: () => deadlineIn(5_000),
  });
});

test("summaries are valid for ten times as long as it took to read them, or up to the caller's maximum age", async () => {
  await summaries.read();
  now += 10 * SECOND - 1;
  await summaries.read();
  expect(store.reads).toBe(1);
  now += 1;
  await summaries.read(12 * SECOND);
  expect(store.reads).toBe(1);
  await summaries.read();
  await setImmediate();
  expect(store.reads).toBe(2);
});

test("concurrent callers share one reading", async () => {
  const [one, other] = await Promise.all([summaries.read(), summaries.read()]);
  expect([store.reads, one === other]).toEqual([1, true]);
});

test("an update replaces one job's summary", async () => {
  expect((await summaries.read()).get("report")?.lockedAt).toBeNull();
  summaries.update(state("report", { active: lock(NOON) }));
  expect((await summaries.read()).get("report")?.lockedAt).toBe(NOON);
  expect(store.reads).toBe(1);
});

test("updates are applied in their order, although the first schedule has to be parsed", async () => {
  await summaries.read();
  const finishedUntil = toIso(NOON);
  summaries.update(state("report", { finishedUntil, schedule: { ...HOURLY, jobInterval: "0 0 * * *" } }));
  summaries.update(state("report", { active: lock(NOON) }));
  expect((await summaries.read()).get("report")).toMatchObject({ lockedAt: NOON, overdueAt: null });
});

test("5,000 jobs of one schedule parse it once", async () => {
  const schedule = { ...HOURLY, jobInterval: "*/7 3-9 * * MON", timezone: "Europe/London" };
  const names = Array.from({ length: 5_000 }, (_, at) => `job-${at}`);
  for (const name of names) await store.swap(null, state(name, { finishedUntil: toIso(NOON), schedule }));
  let parsed = 0;
  const schedules = new ScheduleCache((recorded) => {
    parsed++;
    return prepareSchedule(recorded);
  });
  const many = new JobSummaryCache({
    store,
    now: () => now,
    monotonic: () => now,
    newDeadline: () => deadlineIn(60_000),
    schedules,
  });
  const read = await many.read();
  expect([read.size, parsed]).toEqual([5_001, 1]);
  expect(read.get("job-4999")?.overdueAt).toBe(Date.parse("2026-11-30T03:07:00Z"));
});

test("summaries are read again after a failed reading, and after the clock was set back", async () => {
  store.fails = true;
  await expect(summaries.read()).rejects.toThrow(ServiceError);
  summaries.update(state("report"));
  store.fails = false;
  expect((await summaries.read()).size).toBe(1);
  now -= HOUR;
  await summaries.read();
  expect(store.reads).toBe(3);
});

test("summaries are valid no longer for a clock that was set forward while they were read", async () => {
  let monotonic = 0;
  const options = { store, now: () => now, newDeadline: () => deadlineIn(5_000) };
  const cache = new JobSummaryCache({ ...options, monotonic: () => (monotonic += SECOND) });
  const reading = cache.read();
  now += HOUR;
  await reading;
  now += 10 * SECOND;
  await cache.read();
  await setImmediate();
  expect(store.reads).toBe(2);
});

describe("while the next summaries are being read", () => {
  /** A store whose reads end when the test says so. */
  class HeldStore extends SlowStore {
    held: Promise<void> = Promise.resolve();

    override async read(names: readonly string[]) {
      const answer = await super.read(names);
      await this.held;
      return answer;
    }
  }

  let heldStore: HeldStore;
  let cache: JobSummaryCache;
  let version: string | null;
  let release = () => {};
  beforeEach(async () => {
    heldStore = new HeldStore();
    ({ version } = await heldStore.swap(null, state("report")));
    cache = new JobSummaryCache({
      store: heldStore,
      now: () => now,
      monotonic: () => now,
      newDeadline: () => deadlineIn(5_000),
    });
    await cache.read();
    heldStore.held = new Promise<void>((resolve) => {
      release = resolve;
    });
    now += 20 * SECOND;
  });

  const lockedAt = async () => (await cache.read()).get("report")?.lockedAt;

  test("the last ones are served, with all updates, and then the next ones", async () => {
    expect(await lockedAt()).toBeNull();
    await setImmediate();
    expect(heldStore.reads).toBe(2);
    cache.update(state("report", { active: lock(NOON) }));
    expect(await lockedAt()).toBe(NOON);
    release();
    await setImmediate();
    // The test's store still has the old document, and the update came later than the reading.
    expect(await lockedAt()).toBe(NOON);
    expect(heldStore.reads).toBe(2);
  });

  test("a job's state from before they read the job does not replace theirs", async () => {
    expect(await lockedAt()).toBeNull();
    // A page shows the job, and then a run takes its lock.
    cache.update(state("report"));
    await heldStore.swap(version, state("report", { active: lock(NOON) }));
    release();
    await setImmediate();
    await setImmediate();
    expect(await lockedAt()).toBe(NOON);
    expect(heldStore.reads).toBe(2);
  });

  test("a caller with a maximum age waits for them", async () => {
    await heldStore.swap(version, state("report", { active: lock(NOON) }));
    const read = cache.read(15 * SECOND);
    await setImmediate();
    release();
    expect((await read).get("report")?.lockedAt).toBe(NOON);
  });

  test("a caller with a maximum age gets their failure", async () => {
    heldStore.fails = true;
    await expect(cache.read(15 * SECOND)).rejects.toThrow(ServiceError);
  });

  test("the last ones are not served once they are forty times as old as their reading took", async () => {
    await cache.read();
    await setImmediate();
    now += 20 * SECOND;
    let isServed = false;
    const read = cache.read().then(() => {
      isServed = true;
    });
    await setImmediate();
    expect(isServed).toBe(false);
    release();
    await read;
    expect(heldStore.reads).toBe(2);
  });

  test("a failure leaves the last ones served until they are too old", async () => {
    heldStore.fails = true;
    expect(await lockedAt()).toBeNull();
    await setImmediate();
    expect(await lockedAt()).toBeNull();
    await setImmediate();
    now += 20 * SECOND;
    await expect(cache.read()).rejects.toThrow(ServiceError);
  });
});
