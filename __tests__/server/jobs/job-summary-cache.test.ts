import { beforeEach, expect, test } from "@jest/globals";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, SECOND } from "../../../src/scheduler/instant.ts";
import { JobSummaryCache } from "../../../src/server/jobs/job-summary-cache.ts";
import { lock, NOON, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

/** Takes a second to read, by the test's clock. */
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
  summaries = new JobSummaryCache(
    store,
    () => now,
    () => deadlineIn(5_000),
  );
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
