import { expect, test } from "@jest/globals";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, toIso } from "../../../src/scheduler/instant.ts";
import { isDamaged, readStatuses } from "../../../src/server/jobs/read-jobs.ts";
import { HOURLY, NOON, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

class CountingStore extends MemoryStore {
  /** How often each job was read. */
  readonly reads = new Map<string, number>();

  override async read(names: readonly string[]) {
    for (const name of names) this.reads.set(name, (this.reads.get(name) ?? 0) + 1);
    return super.read(names);
  }
}

const newDeadline = () => deadlineIn(5_000);
const now = () => NOON + HOUR;

test("a job that all listed jobs require is read once", async () => {
  const store = new CountingStore();
  const names = Array.from({ length: 250 }, (_, at) => `report-${at}`);
  const schedule = { ...HOURLY, requiredJobNames: ["orders", "never started"] };
  for (const name of names) await store.swap(null, state(name, { finishedUntil: toIso(NOON), schedule }));
  await store.swap(null, state("orders", { finishedUntil: toIso(NOON), schedule: HOURLY }));

  const waitingFor: unknown[] = [];
  for await (const job of readStatuses(names, { store, now, newDeadline })) {
    waitingFor.push(isDamaged(job) ? job : job.next.waitingFor?.map(({ jobName }) => jobName));
  }
  expect(waitingFor).toEqual(names.map(() => ["orders", "never started"]));
  expect([store.reads.get("orders"), store.reads.get("never started")]).toEqual([1, 1]);
});

test("a few thousand required jobs are all read, although not all of their states fit into memory", async () => {
  const store = new MemoryStore();
  const names = ["a", "b", "c"];
  for (const name of names) {
    const requiredJobNames = Array.from({ length: 900 }, (_, at) => `${name}-${at}`);
    await store.swap(null, state(name, { finishedUntil: toIso(NOON), schedule: { ...HOURLY, requiredJobNames } }));
    await store.swap(null, state(`${name}-0`, { finishedUntil: toIso(NOON + HOUR) }));
  }
  for await (const job of readStatuses(names, { store, now, newDeadline })) {
    expect(isDamaged(job) || job.next.waitingFor?.length).toBe(899);
  }
});
