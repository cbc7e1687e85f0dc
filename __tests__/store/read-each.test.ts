import { expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import { readEach } from "../../src/store/read-each.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

class CountingStore extends MemoryStore {
  reads = 0;

  override read(names: readonly string[]) {
    this.reads++;
    return super.read(names);
  }
}

test("damaged jobs among many are found by few reads, and all others are read", async () => {
  const store = new CountingStore();
  const names = Array.from({ length: 100 }, (_, at) => `job-${at}`);
  for (const name of names) {
    const document = { ...newJobState(name), v: 2 } as unknown as JobState;
    await store.swap(null, name === "job-7" || name === "job-99" ? document : newJobState(name));
  }
  store.now = 7;
  const { records, damaged, now } = await readEach(store, [...names, "never"], deadlineIn(1_000));
  expect(now).toBe(7);
  expect(damaged).toEqual(["job-7", "job-99"]);
  expect([...records.keys()]).toEqual(names.filter((name) => !damaged.includes(name)));
  expect(store.reads).toBeLessThan(30);
});
