import { beforeEach, expect, test } from "@jest/globals";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { Swap } from "../../src/store/job-store.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const DEADLINE = deadlineIn(60_000);
const CLAIM = { lockId: "a", holder: null, idempotencyKey: "key" };
const HOURLY = { jobName: "report", jobInterval: HOUR };

/** A store that becomes unreachable after a swap. The answer to the swap may be lost too. */
class BreakingStore extends MemoryStore {
  breaksAfterSwap = false;
  losesAnswer = false;
  /** Called when a swap was made. */
  onSwap = () => {};
  #isBroken = false;

  override async read(names: readonly string[]) {
    if (this.#isBroken)
      throw new ServiceError("unreachable", { problem: "does not answer", place: "the store", effect: "none" });
    return super.read(names);
  }

  override async swap(expected: string | null, state: JobState): Promise<Swap> {
    const swap = await super.swap(expected, state);
    this.#isBroken = this.breaksAfterSwap;
    this.onSwap();
    return this.losesAnswer ? { version: null, effect: "possible" } : swap;
  }
}

let store: BreakingStore;
let passed: number;
let backend: LocalBackend;
beforeEach(() => {
  store = new BreakingStore();
  passed = 0;
  backend = new LocalBackend({ store, now: () => NOON + passed, monotonic: () => passed, log: () => {} });
});

test.each<[string, () => Promise<unknown>]>([
  ["start", () => backend.start(HOURLY, CLAIM, DEADLINE)],
  ["finish", () => backend.finish({ jobName: "held", id: "a", record: null }, DEADLINE)],
  ["interrupt", () => backend.interrupt({ jobName: "held", id: "a", record: null }, DEADLINE)],
  ["abandon", () => backend.abandon({ jobName: "held", id: "a", record: null }, DEADLINE)],
  ["renew", () => backend.renew({ jobName: "held", id: "a", record: null }, DEADLINE)],
  ["resume", () => backend.resume({ jobName: "ended", id: "b", record: null }, null, DEADLINE)],
  ["skip", () => backend.skip("report", NOON - HOUR, DEADLINE)],
])("%s: a read that fails after a swap without an answer does not say that nothing changed", async (_call, call) => {
  await backend.start({ ...HOURLY, jobName: "held" }, CLAIM, DEADLINE);
  await backend.start({ ...HOURLY, jobName: "ended" }, { ...CLAIM, lockId: "b" }, DEADLINE);
  await backend.interrupt({ jobName: "ended", id: "b", record: null }, DEADLINE);
  store.breaksAfterSwap = true;
  store.losesAnswer = true;
  await expect(call()).rejects.toMatchObject({ code: "unreachable", effect: "possible" });
});

test("a late grant whose renewal fails does not say that nothing changed", async () => {
  store.onSwap = () => {
    passed += HOUR;
  };
  store.breaksAfterSwap = true;
  const start = backend.start({ ...HOURLY, retryInterval: MINUTE }, CLAIM, DEADLINE);
  await expect(start).rejects.toMatchObject({ code: "unreachable", effect: "possible" });
});

test("a read that fails before any swap says that nothing changed", async () => {
  store.breaksAfterSwap = true;
  await backend.start(HOURLY, CLAIM, DEADLINE);
  await expect(backend.skip("report", NOON, DEADLINE)).rejects.toMatchObject({ effect: "none" });
});
