import { beforeEach, describe, expect, test } from "@jest/globals";
import type { LocalBackend } from "../../src/backend/local-backend.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import {
  ContendingRuns,
  claim,
  DEADLINE,
  HOURLY,
  NOON,
  SPENT,
  started,
} from "../../testing/backends/contending-runs.ts";

let runs: ContendingRuns;
let store: ContendingRuns["store"];
let backend: LocalBackend;
/** The backend of another run, over the same documents. */
let other: LocalBackend;
beforeEach(() => {
  runs = new ContendingRuns();
  ({ store, backend, other } = runs);
});

describe("an id is granted once: a start that comes late gets nothing", () => {
  test.each(["finish", "interrupt"] as const)("after its run's %s", async (end) => {
    await backend[end](await started(backend, "ours"), DEADLINE);
    runs.now += HOUR;
    await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
    expect((await runs.stateNow())?.active).toBeNull();
  });

  test("after its run was taken over", async () => {
    await started(backend, "ours");
    await started(other, "theirs", { ...HOURLY, retryInterval: 0 });
    const late = backend.start({ ...HOURLY, retryInterval: 0 }, claim("ours"), DEADLINE);
    await expect(late).rejects.toMatchObject(SPENT);
    expect((await runs.stateNow())?.active?.id).toBe("theirs");
  });

  test.each(["a new job", "a job that has run"])("after it was given up, of %s", async (what) => {
    if (what === "a job that has run") await backend.finish(await started(backend, "earlier"), DEADLINE);
    runs.now += HOUR;
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(false);
    await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
    expect(await runs.stateNow()).toMatchObject({ active: null, abandoned: [{ id: "ours" }] });
    expect(await backend.start({ ...HOURLY, noLock: true }, claim("ours"), DEADLINE)).toHaveProperty("started", true);
    expect((await started(other, "theirs")).id).toBe("theirs");
  });

  test("and all that were given up within an hour are remembered, each of them once", async () => {
    for (let nth = 0; nth < 25; nth++) {
      await backend.abandon({ jobName: "report", id: `id-${nth % 23}`, record: null }, DEADLINE);
    }
    const { abandoned = [] } = (await runs.stateNow()) ?? {};
    expect(abandoned).toHaveLength(23);
    expect(abandoned.slice(0, 3)).toMatchObject([{ id: "id-1" }, { id: "id-0" }, { id: "id-22" }]);
    runs.now += HOUR;
    await backend.abandon({ jobName: "report", id: "later", record: null }, DEADLINE);
    expect((await runs.stateNow())?.abandoned).toMatchObject([{ id: "later" }]);
  });
});

describe("renew and resume", () => {
  test("a renewal whose answer got lost is made again, and succeeds", async () => {
    const lock = await started(backend, "lock-1", { ...HOURLY, retryInterval: MINUTE });
    runs.now += MINUTE / 2;
    store.loseNextAnswer();
    expect(await backend.renew(lock, DEADLINE)).toMatchObject({ updatedAt: runs.now + 1 });
    expect((await runs.stateNow())?.active?.updatedAt).toBe(toIso(runs.now + 1));
  });

  test("a lock that is active still is resumed, for its new holder", async () => {
    const lock = await started(backend, "lock-1");
    runs.now += MINUTE;
    const holder = { runId: "7", attempt: "2" };
    expect(await backend.resume(lock, holder, DEADLINE)).toMatchObject({ updatedAt: runs.now, lock: { id: "lock-1" } });
    expect((await runs.stateNow())?.active).toMatchObject({ id: "lock-1", holder, updatedAt: toIso(runs.now) });
  });

  test("a resume by a holder that is too long for the state changes nothing", async () => {
    const held = await started(backend, "lock-1");
    await backend.interrupt(held, DEADLINE);
    const resumed = backend.resume(held, { job: "x".repeat(400_000) }, DEADLINE);
    await expect(resumed).rejects.toMatchObject({ code: "out-of-range", field: "holder" });
    expect((await runs.stateNow())?.active).toBeNull();
  });
});

describe("abandon", () => {
  test("releases a lock that is held, and the same interval comes again", async () => {
    await started(backend, "ours");
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(true);
    expect(await runs.stateNow()).toMatchObject({
      active: null,
      finishedUntil: null,
      history: [{ outcome: "interrupted" }],
    });
    runs.now += 30 * MINUTE;
    expect((await started(other, "theirs")).id).toBe("theirs");
  });

  test.each(["there is no document yet", "there is one"])(
    "fences off a swap still on its way, when %s",
    async (when) => {
      if (when === "there is one") {
        await other.finish(await started(other, "earlier"), DEADLINE);
        runs.now += HOUR;
      }
      // The start is abandoned right before its swap arrives at the store.
      let released: boolean | undefined;
      store.beforeNextSwap(async () => {
        released = await other.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE);
      });
      await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
      expect(released).toBe(false);
      expect(await runs.stateNow()).toMatchObject({ name: "report", active: null });
      expect((await started(other, "theirs")).id).toBe("theirs");
    },
  );

  test("leaves another run's lock alone", async () => {
    await started(other, "theirs");
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(false);
    expect((await runs.stateNow())?.active?.id).toBe("theirs");
  });

  test("is repeated until it takes effect", async () => {
    await started(backend, "ours");
    store.beforeSwap = async () => {
      if (store.swaps < 4) await runs.touch();
    };
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(true);
    expect((await runs.stateNow())?.active).toBeNull();
  });
});

test("tiling: a skip decides again after a lost swap", async () => {
  store.beforeNextSwap(async () => {
    await other.finish(await started(other, "theirs"), DEADLINE);
  });
  runs.now = NOON + HOUR;
  await expect(backend.skip(HOURLY.jobName, NOON, DEADLINE)).rejects.toMatchObject({ code: "cannot-skip" });
  expect((await runs.stateNow())?.finishedUntil).toBe(toIso(NOON + HOUR));

  runs.now = NOON + 2 * HOUR;
  store.beforeNextSwap(async () => {
    await runs.touch();
  });
  await backend.skip(HOURLY.jobName, NOON + 2 * HOUR, DEADLINE);
  expect((await runs.stateNow())?.finishedUntil).toBe(toIso(NOON + 2 * HOUR));
});
