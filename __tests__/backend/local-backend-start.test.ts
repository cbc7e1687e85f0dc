import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Claim } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { grantLock } from "../../src/scheduler/job-transitions.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import { newJobState } from "../../src/scheduler/state-document.ts";
import {
  ContendingRuns,
  claim,
  DEADLINE,
  HOLDER,
  HOURLY,
  lockOf,
  NOON,
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

describe("start", () => {
  test("takes the lock, and returns the interval, the instants and the record that it wrote", async () => {
    const answer = await backend.start(HOURLY, claim("lock-1"), DEADLINE);
    expect(answer).toMatchObject({
      started: true,
      jobName: "report",
      intervalStartedAt: NOON - HOUR,
      intervalEndedAt: NOON,
      createdAt: NOON,
      updatedAt: NOON,
    });
    const { record } = lockOf(answer);
    expect(record).toEqual((await store.read(["report"])).records.get("report"));
    expect(record?.state.active).toEqual({
      id: "lock-1",
      intervalStartedAt: toIso(NOON - HOUR),
      intervalEndedAt: toIso(NOON),
      createdAt: toIso(NOON),
      updatedAt: toIso(NOON),
      holder: HOLDER,
      idempotencyKey: null,
    });
  });

  test("decides again when another run took the lock first", async () => {
    const theirs = { repository: "octo-org/other" };
    store.beforeNextSwap(async () => {
      await other.start(HOURLY, claim("theirs", { holder: theirs }), DEADLINE);
    });
    expect(await backend.start(HOURLY, claim("ours"), DEADLINE)).toEqual({
      started: false,
      reason: "active",
      id: "theirs",
      since: NOON,
      updatedAt: NOON,
      holder: theirs,
      retryAt: null,
    });
  });

  test("decides again when another run took the lock first, and has finished already", async () => {
    store.beforeNextSwap(async () => {
      await other.finish(await started(other, "theirs"), DEADLINE);
    });
    expect(await backend.start(HOURLY, claim("ours"), DEADLINE)).toEqual({
      started: false,
      reason: "not-due",
      dueAt: NOON + HOUR,
    });
  });

  test("takes the lock although another swap came first, if that swap changed nothing for it", async () => {
    store.beforeNextSwap(async () => {
      await runs.touch();
    });
    expect((await started(backend, "ours")).id).toBe("ours");
    expect(store.swaps).toBe(2);
  });

  test("gets its own lock again when the answer to its swap got lost", async () => {
    store.loseNextAnswer();
    const lock = await started(backend, "ours");
    expect(lock).toMatchObject({ id: "ours", record: { state: { active: { id: "ours" } } } });
    expect(store.swaps).toBe(1);
  });

  test("is refused as active, without a holder, after five lost swaps", async () => {
    store.beforeSwap = () => runs.touch();
    const unknown = { id: null, since: null, updatedAt: null, holder: null, retryAt: null };
    const refused = { started: false, reason: "active", ...unknown };
    expect(await backend.start(HOURLY, claim("ours"), DEADLINE)).toEqual(refused);
    expect(store.swaps).toBe(5);
    expect((await runs.stateNow())?.active).toBeNull();
  });

  test("calls beforeTaking before each write, and not without a write", async () => {
    const calls: string[] = [];
    store.beforeSwap = async ({ active }) => {
      calls.push(`swap ${active?.id}`);
      if (calls.length === 2) await runs.touch();
    };
    const beforeTaking = () => calls.push("before");
    await backend.start(HOURLY, claim("ours", { beforeTaking }), DEADLINE);
    expect(calls).toEqual(["before", "swap ours", "before", "swap ours"]);
    await backend.start(HOURLY, claim("late", { beforeTaking }), DEADLINE);
    await backend.start({ ...HOURLY, jobName: "dry", noLock: true }, claim("dry", { beforeTaking }), DEADLINE);
    expect(calls).toHaveLength(4);
  });

  test("gives the same lock again to a repeated start, and to no other", async () => {
    const first = await backend.start(HOURLY, claim("first"), DEADLINE);
    runs.now += MINUTE;
    expect(await backend.start(HOURLY, claim("first"), DEADLINE)).toEqual(first);
    expect(await backend.start(HOURLY, claim("second"), DEADLINE)).toMatchObject({ started: false, reason: "active" });
    expect(store.swaps).toBe(1);
  });

  test.each<[string, Partial<StartRequest>, Partial<Claim>]>([
    ["an interval", { jobInterval: `${"0,".repeat(200_000)}0 * * * *` }, {}],
    ["a holder", {}, { holder: { job: "x".repeat(400_000) } }],
  ])("takes no lock with %s whose state no store might read again", async (_, request, more) => {
    const start = backend.start({ ...HOURLY, ...request }, claim("lock-1", more), DEADLINE);
    await expect(start).rejects.toMatchObject({ code: "out-of-range", field: "jobInterval" });
    expect(store.swaps).toBe(0);
  });

  describe("one holder: a grant that is confirmed after the retry interval", () => {
    const RETRIED: StartRequest = { ...HOURLY, retryInterval: MINUTE };
    /** The first `swaps` swaps take a minute each. */
    function slow(swaps: number): void {
      store.answer = (swap) => {
        if (swaps-- > 0) runs.now += MINUTE;
        return swap;
      };
    }

    test("is renewed before the run starts", async () => {
      slow(1);
      const answer = await backend.start(RETRIED, claim("lock-1"), DEADLINE);
      expect(answer).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + MINUTE });
      expect((await runs.stateNow())?.active?.updatedAt).toBe(toIso(NOON + MINUTE));
    });

    test("is renewed where only the monotonic clock shows the pause", async () => {
      let elapsed = 0;
      const paused = new LocalBackend({ store, now: () => runs.now, monotonic: () => elapsed, log: () => {} });
      store.answer = (swap) => {
        if (store.swaps === 1) elapsed += MINUTE;
        return swap;
      };
      expect(await paused.start(RETRIED, claim("lock-1"), DEADLINE)).toMatchObject({ started: true });
      expect(store.swaps).toBe(2);
    });

    test("is renewed again until a renewal is confirmed in time", async () => {
      slow(3);
      const answer = await backend.start(RETRIED, claim("lock-1"), DEADLINE);
      expect(answer).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + 3 * MINUTE });
      expect(store.swaps).toBe(4);
    });

    test("is renewed where the answer to its swap got lost, and the lock is found later", async () => {
      store.loseNextAnswer(() => {
        runs.now += MINUTE;
      });
      const answer = await backend.start(RETRIED, claim("lock-1"), DEADLINE);
      expect(answer).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + MINUTE });
      expect((await runs.stateNow())?.active).toMatchObject({ id: "lock-1", updatedAt: toIso(NOON + MINUTE) });
    });

    test("is renewed where the same start comes again after the retry interval", async () => {
      const repeated = claim("lock-1");
      expect(await backend.start(RETRIED, repeated, DEADLINE)).toMatchObject({ started: true, updatedAt: NOON });
      runs.now += MINUTE - 1;
      expect(await backend.start(RETRIED, repeated, DEADLINE)).toMatchObject({ started: true, updatedAt: NOON });
      runs.now += 1;
      const answer = await backend.start(RETRIED, repeated, DEADLINE);
      expect(answer).toMatchObject({ started: true, updatedAt: NOON + MINUTE, lock: { id: "lock-1" } });
    });

    test("starts no run when another run has taken the lock over", async () => {
      store.answer = (swap) => {
        store.answer = (later) => later;
        runs.now += MINUTE;
        store.beforeNextSwap(() => other.start(RETRIED, claim("theirs"), DEADLINE));
        return swap;
      };
      expect(await backend.start(RETRIED, claim("ours"), DEADLINE)).toMatchObject({
        started: false,
        reason: "active",
        id: "theirs",
      });
    });
  });

  test("without a lock it decides as usual, and writes nothing", async () => {
    const request = { ...HOURLY, noLock: true };
    expect(await backend.start(request, claim("ours"), DEADLINE)).toEqual({
      started: true,
      jobName: "report",
      intervalStartedAt: NOON - HOUR,
      intervalEndedAt: NOON,
      createdAt: NOON,
      updatedAt: NOON,
      lock: null,
      behind: 0,
      skipped: null,
      takenOver: null,
    });
    await started(other, "theirs");
    expect(await backend.start(request, claim("ours"), DEADLINE)).toMatchObject({ started: false, reason: "active" });
    expect(store.swaps).toBe(0);
  });

  test("of a chosen interval reads nothing either", async () => {
    await started(other, "theirs");
    const jobIntervalStartedAt = NOON - 5 * HOUR;
    const answer = await backend.start({ ...HOURLY, noLock: true, jobIntervalStartedAt }, claim("ours"), DEADLINE);
    expect(answer).toMatchObject({
      started: true,
      intervalStartedAt: NOON - 5 * HOUR,
      intervalEndedAt: NOON - 4 * HOUR,
    });
    expect(store.reads).toBe(0);
  });

  test("reads the required jobs along with its own", async () => {
    const request = { ...HOURLY, requiredJobNames: ["import", "clean"] };
    await other.finish(await started(other, "import-1", { ...HOURLY, jobName: "import" }), DEADLINE);
    expect(await backend.start(request, claim("ours"), DEADLINE)).toEqual({
      started: false,
      reason: "required-job",
      jobName: "clean",
      finishedUntil: null,
      neededUntil: null,
      mutual: false,
    });
    await other.finish(await started(other, "clean-1", { ...HOURLY, jobName: "clean" }), DEADLINE);
    expect((await started(backend, "ours", request)).id).toBe("ours");
    expect(store.reads).toBe(2);
  });
});

test("a lock that was written by hand with an empty holder refuses starts too", async () => {
  const lock = {
    id: "by-hand",
    intervalStartedAt: toIso(NOON - HOUR),
    intervalEndedAt: toIso(NOON),
    createdAt: toIso(NOON),
    updatedAt: toIso(NOON),
    holder: null,
    idempotencyKey: null,
  };
  await store.swap(
    null,
    grantLock(newJobState("report"), {
      lock,
      begun: { intervalStartedAt: NOON - HOUR, intervalEndedAt: NOON },
      schedule: { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] },
    }),
  );
  const answer = await backend.start({ ...HOURLY, retryInterval: HOUR }, claim("ours"), DEADLINE);
  expect(answer).toEqual({
    started: false,
    reason: "active",
    id: "by-hand",
    since: NOON,
    updatedAt: NOON,
    holder: null,
    retryAt: NOON + HOUR,
  });
});

test("a late grant with a retry interval of 0 is not renewed: others may take it over at any time", async () => {
  store.answer = (swap) => {
    runs.now += HOUR;
    return swap;
  };
  const answer = await backend.start({ ...HOURLY, retryInterval: 0 }, claim("lock-1"), DEADLINE);
  expect(answer).toMatchObject({ started: true, updatedAt: NOON });
  expect(store.swaps).toBe(1);
});
