import { beforeEach, describe, expect, test } from "@jest/globals";
import { type Claim, type HeldLock, LockLostError, type Started } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { grantLock } from "../../src/scheduler/job-transitions.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import type { Swap } from "../../src/store/job-store.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOURLY: StartRequest = { jobName: "report", jobInterval: HOUR };
const DEADLINE = deadlineIn(60_000);
const HOLDER = { repository: "octo-org/reports", runUrl: "https://github.com/octo-org/reports/actions/runs/1" };

/** A store in which a test can act right before a swap, and change its answer. */
class EventfulStore extends MemoryStore {
  swaps = 0;
  reads = 0;
  beforeSwap: (state: JobState) => Promise<unknown> = async () => {};
  answer: (swap: Swap) => Swap = (swap) => swap;

  override async read(names: readonly string[]) {
    this.reads++;
    return super.read(names);
  }

  override async swap(expected: string | null, state: JobState): Promise<Swap> {
    this.swaps++;
    await this.beforeSwap(state);
    return this.answer(await super.swap(expected, state));
  }
}

/** Loses the answer to one swap: the caller does not know whether the swap was made. */
function lost(): Swap {
  store.answer = (swap) => swap;
  return { version: null, effect: "possible" };
}

let now: Instant;
let documents: Map<string, { version: string; json: string }>;
let store: EventfulStore;
let backend: LocalBackend;
/** Another run's backend over the same documents. */
let other: LocalBackend;

beforeEach(() => {
  now = NOON;
  documents = new Map();
  store = new EventfulStore(documents);
  backend = new LocalBackend({ store: store, now: () => now, log: () => {} });
  other = new LocalBackend({ store: new MemoryStore(documents), now: () => now, log: () => {} });
});

function claim(lockId: string, more: Partial<Claim> = {}): Claim {
  return { lockId, holder: HOLDER, idempotencyKey: "key", ...more };
}

async function started(by: LocalBackend, lockId: string, request: StartRequest = HOURLY): Promise<HeldLock> {
  return lockOf(await by.start(request, claim(lockId), DEADLINE));
}

function lockOf(answer: Awaited<ReturnType<LocalBackend["start"]>>): HeldLock {
  expect(answer).toMatchObject({ started: true, lock: expect.anything() });
  return (answer as Started).lock as HeldLock;
}

async function stateNow(jobName = HOURLY.jobName): Promise<JobState | undefined> {
  return (await store.read([jobName])).records.get(jobName)?.state;
}

/** Replaces the document with an equal one of another version, as another run does. */
async function touch(): Promise<void> {
  const record = (await store.read([HOURLY.jobName])).records.get(HOURLY.jobName);
  await new MemoryStore(documents).swap(record?.version ?? null, record?.state ?? newJobState(HOURLY.jobName));
}

async function lossOn(ending: Promise<void>) {
  const error = await ending.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(LockLostError);
  return (error as LockLostError).loss;
}

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
    store.beforeSwap = async () => {
      store.beforeSwap = async () => {};
      await other.start(HOURLY, claim("theirs", { holder: theirs }), DEADLINE);
    };
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
    store.beforeSwap = async () => {
      store.beforeSwap = async () => {};
      await other.finish(await started(other, "theirs"), DEADLINE);
    };
    expect(await backend.start(HOURLY, claim("ours"), DEADLINE)).toEqual({
      started: false,
      reason: "not-due",
      dueAt: NOON + HOUR,
    });
  });

  test("takes the lock although another swap came first, if that swap changed nothing for it", async () => {
    store.beforeSwap = async () => {
      store.beforeSwap = async () => {};
      await touch();
    };
    expect((await started(backend, "ours")).id).toBe("ours");
    expect(store.swaps).toBe(2);
  });

  test("gets its own lock again when the answer to its swap got lost", async () => {
    store.answer = lost;
    const lock = await started(backend, "ours");
    expect(lock).toMatchObject({ id: "ours", record: { state: { active: { id: "ours" } } } });
    expect(store.swaps).toBe(1);
  });

  test("is refused as active, without a holder, after five lost swaps", async () => {
    store.beforeSwap = touch;
    const unknown = { id: null, since: null, updatedAt: null, holder: null, retryAt: null };
    const refused = { started: false, reason: "active", ...unknown };
    expect(await backend.start(HOURLY, claim("ours"), DEADLINE)).toEqual(refused);
    expect(store.swaps).toBe(5);
    expect((await stateNow())?.active).toBeNull();
  });

  test("calls beforeTaking before each write, and not without a write", async () => {
    const calls: string[] = [];
    store.beforeSwap = async ({ active }) => {
      calls.push(`swap ${active?.id}`);
      if (calls.length === 2) await touch();
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
    now += MINUTE;
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

  test("a resume by a holder that is too long for the state changes nothing", async () => {
    const held = await started(backend, "lock-1");
    await backend.interrupt(held, DEADLINE);
    const resumed = backend.resume(held, { job: "x".repeat(400_000) }, DEADLINE);
    await expect(resumed).rejects.toMatchObject({ code: "out-of-range", field: "holder" });
    expect((await stateNow())?.active).toBeNull();
  });

  describe("one holder: a grant that is confirmed after the retry interval", () => {
    const RETRIED: StartRequest = { ...HOURLY, retryInterval: MINUTE };
    /** The first `swaps` swaps take a minute each. */
    function slow(swaps: number): void {
      store.answer = (swap) => {
        if (swaps-- > 0) now += MINUTE;
        return swap;
      };
    }

    test("is renewed before the run starts", async () => {
      slow(1);
      const answer = await backend.start(RETRIED, claim("lock-1"), DEADLINE);
      expect(answer).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + MINUTE });
      expect((await stateNow())?.active?.updatedAt).toBe(toIso(NOON + MINUTE));
    });

    test("is renewed where only the monotonic clock shows the pause", async () => {
      let elapsed = 0;
      const paused = new LocalBackend({ store, now: () => now, monotonic: () => elapsed, log: () => {} });
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
      const made = store.answer;
      store.answer = () => {
        store.answer = made;
        now += MINUTE;
        return { version: null, effect: "possible" };
      };
      const answer = await backend.start(RETRIED, claim("lock-1"), DEADLINE);
      expect(answer).toMatchObject({ started: true, createdAt: NOON, updatedAt: NOON + MINUTE });
      expect((await stateNow())?.active).toMatchObject({ id: "lock-1", updatedAt: toIso(NOON + MINUTE) });
    });

    test("is renewed where the same start comes again after the retry interval", async () => {
      const repeated = claim("lock-1");
      expect(await backend.start(RETRIED, repeated, DEADLINE)).toMatchObject({ started: true, updatedAt: NOON });
      now += MINUTE - 1;
      expect(await backend.start(RETRIED, repeated, DEADLINE)).toMatchObject({ started: true, updatedAt: NOON });
      now += 1;
      const answer = await backend.start(RETRIED, repeated, DEADLINE);
      expect(answer).toMatchObject({ started: true, updatedAt: NOON + MINUTE, lock: { id: "lock-1" } });
    });

    test("starts no run when another run has taken the lock over", async () => {
      const swaps = store.answer;
      slow(1);
      const late = store.answer;
      store.answer = (swap) => {
        store.answer = swaps;
        const answer = late(swap);
        store.beforeSwap = async () => {
          store.beforeSwap = async () => {};
          await other.start(RETRIED, claim("theirs"), DEADLINE);
        };
        return answer;
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

describe.each([
  ["finish", "finished", "interrupt", "interrupted"],
  ["interrupt", "interrupted", "finish", "finished"],
] as const)("%s", (end, outcome, otherEnd, otherOutcome) => {
  test("swaps the record that the start wrote, without a read", async () => {
    const lock = await started(backend, "ours");
    const reads = store.reads;
    await backend[end](lock, DEADLINE);
    expect(store.reads).toBe(reads);
    expect(await stateNow()).toMatchObject({
      active: null,
      finishedUntil: end === "finish" ? toIso(NOON) : null,
      history: [{ id: "ours", outcome, runUrl: HOLDER.runUrl }],
    });
  });

  test.each(["is stale", "is not known"])("when the record %s, it reads the job's", async (which) => {
    const lock = await started(backend, "ours");
    await touch();
    await backend[end](which === "is stale" ? lock : { ...lock, record: null }, DEADLINE);
    expect(await stateNow()).toMatchObject({ active: null, history: [{ outcome }] });
  });

  test("is done when its answer got lost", async () => {
    const lock = await started(backend, "ours");
    store.answer = lost;
    await backend[end](lock, DEADLINE);
    expect((await stateNow())?.history).toMatchObject([{ id: "ours", outcome }]);
  });

  test("is done when its answer got lost, and the next run has begun", async () => {
    const lock = await started(backend, "ours");
    store.answer = lost;
    store.beforeSwap = async (state) => {
      store.beforeSwap = async () => {};
      await new MemoryStore(documents).swap(lock.record?.version ?? null, state);
      now += HOUR;
      await started(other, "theirs");
    };
    await backend[end](lock, DEADLINE);
    expect((await stateNow())?.active?.id).toBe("theirs");
  });

  test("at once with another one of its kind has one of them end the run", async () => {
    const lock = await started(backend, "ours");
    const ends = [backend, other, backend].map((each) => each[end]({ ...lock, record: null }, DEADLINE));
    const answers = await Promise.allSettled(ends);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ loss: { ending: outcome, at: NOON } });
    }
    expect((await stateNow())?.history).toHaveLength(1);
  });

  test("a second time finds the lock ended", async () => {
    const lock = await started(backend, "ours");
    await backend[end](lock, DEADLINE);
    now += MINUTE;
    const loss = await lossOn(backend[end]({ ...lock, record: null }, DEADLINE));
    expect(loss).toEqual({ ending: outcome, at: NOON });
    expect((await stateNow())?.history).toHaveLength(1);
  });

  test("finds the lock ended the other way", async () => {
    const lock = await started(backend, "ours");
    await other[otherEnd](lock, DEADLINE);
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: otherOutcome, at: NOON });
  });

  test("of a lock that was taken over names the new holder, and leaves the new lock as it is", async () => {
    const lock = await started(backend, "ours");
    now += 10 * MINUTE;
    const theirs = { repository: "octo-org/other", runUrl: "https://github.com/octo-org/other/actions/runs/2" };
    const request = { ...HOURLY, retryInterval: 10 * MINUTE };
    const taken = await other.start(request, claim("theirs", { holder: theirs }), DEADLINE);
    expect(taken).toMatchObject({ started: true, intervalStartedAt: NOON - HOUR, intervalEndedAt: NOON });
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: "taken-over", at: now, holder: theirs });
    expect((await stateNow())?.active?.id).toBe("theirs");

    const takenOverAt = now;
    now += MINUTE;
    await other.finish(lockOf(taken), DEADLINE);
    const ended = { ending: "taken-over", at: takenOverAt, holder: theirs };
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual(ended);
  });

  test("of a lock that is forgotten, or was never there", async () => {
    const lock = await started(backend, "ours");
    await other.finish(lock, DEADLINE);
    for (let run = 0; run < 20; run++) {
      now += HOUR;
      await other.finish(await started(other, `run-${run}`), DEADLINE);
    }
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: "unknown" });
    const never = { jobName: "never", id: "ours", record: null };
    expect(await lossOn(backend[end](never, DEADLINE))).toEqual({ ending: "unknown" });
  });
});

const SPENT = {
  name: "ArgumentError",
  code: "spent-lock-id",
  field: "lockId",
  message: 'lockId "ours" cannot be granted again: its run has ended, or its start was abandoned',
};

describe("an id is granted once: a start that comes late gets nothing", () => {
  test.each(["finish", "interrupt"] as const)("after its run's %s", async (end) => {
    await backend[end](await started(backend, "ours"), DEADLINE);
    now += HOUR;
    await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
    expect((await stateNow())?.active).toBeNull();
  });

  test("after its run was taken over", async () => {
    await started(backend, "ours");
    await started(other, "theirs", { ...HOURLY, retryInterval: 0 });
    const late = backend.start({ ...HOURLY, retryInterval: 0 }, claim("ours"), DEADLINE);
    await expect(late).rejects.toMatchObject(SPENT);
    expect((await stateNow())?.active?.id).toBe("theirs");
  });

  test.each(["a new job", "a job that has run"])("after it was given up, of %s", async (what) => {
    if (what === "a job that has run") await backend.finish(await started(backend, "earlier"), DEADLINE);
    now += HOUR;
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(false);
    await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
    expect(await stateNow()).toMatchObject({ active: null, abandoned: [{ id: "ours" }] });
    expect(await backend.start({ ...HOURLY, noLock: true }, claim("ours"), DEADLINE)).toHaveProperty("started", true);
    expect((await started(other, "theirs")).id).toBe("theirs");
  });

  test("and all that were given up within an hour are remembered, each of them once", async () => {
    for (let nth = 0; nth < 25; nth++) {
      await backend.abandon({ jobName: "report", id: `id-${nth % 23}`, record: null }, DEADLINE);
    }
    const { abandoned = [] } = (await stateNow()) ?? {};
    expect(abandoned).toHaveLength(23);
    expect(abandoned.slice(0, 3)).toMatchObject([{ id: "id-1" }, { id: "id-0" }, { id: "id-22" }]);
    now += HOUR;
    await backend.abandon({ jobName: "report", id: "later", record: null }, DEADLINE);
    expect((await stateNow())?.abandoned).toMatchObject([{ id: "later" }]);
  });
});

describe("renew and resume", () => {
  test("a renewal whose answer got lost is made again, and succeeds", async () => {
    const lock = await started(backend, "lock-1", { ...HOURLY, retryInterval: MINUTE });
    now += MINUTE / 2;
    store.answer = lost;
    expect(await backend.renew(lock, DEADLINE)).toMatchObject({ updatedAt: now + 1 });
    expect((await stateNow())?.active?.updatedAt).toBe(toIso(now + 1));
  });

  test("a lock that is active still is resumed, for its new holder", async () => {
    const lock = await started(backend, "lock-1");
    now += MINUTE;
    const holder = { runId: "7", attempt: "2" };
    expect(await backend.resume(lock, holder, DEADLINE)).toMatchObject({ updatedAt: now, lock: { id: "lock-1" } });
    expect((await stateNow())?.active).toMatchObject({ id: "lock-1", holder, updatedAt: toIso(now) });
  });

  test("a late grant with a retry interval of 0 is not renewed: others may take it over at any time", async () => {
    store.answer = (swap) => {
      now += HOUR;
      return swap;
    };
    const answer = await backend.start({ ...HOURLY, retryInterval: 0 }, claim("lock-1"), DEADLINE);
    expect(answer).toMatchObject({ started: true, updatedAt: NOON });
    expect(store.swaps).toBe(1);
  });
});

describe("abandon", () => {
  test("releases a lock that is held, and the same interval comes again", async () => {
    await started(backend, "ours");
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(true);
    expect(await stateNow()).toMatchObject({
      active: null,
      finishedUntil: null,
      history: [{ outcome: "interrupted" }],
    });
    now += 30 * MINUTE;
    expect((await started(other, "theirs")).id).toBe("theirs");
  });

  test.each(["there is no document yet", "there is one"])(
    "fences off a swap still on its way, when %s",
    async (when) => {
      if (when === "there is one") {
        await other.finish(await started(other, "earlier"), DEADLINE);
        now += HOUR;
      }
      // The start is abandoned right before its swap arrives at the store.
      let released: boolean | undefined;
      store.beforeSwap = async () => {
        store.beforeSwap = async () => {};
        released = await other.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE);
      };
      await expect(backend.start(HOURLY, claim("ours"), DEADLINE)).rejects.toMatchObject(SPENT);
      expect(released).toBe(false);
      expect(await stateNow()).toMatchObject({ name: "report", active: null });
      expect((await started(other, "theirs")).id).toBe("theirs");
    },
  );

  test("leaves another run's lock alone", async () => {
    await started(other, "theirs");
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(false);
    expect((await stateNow())?.active?.id).toBe("theirs");
  });

  test("is repeated until it takes effect", async () => {
    await started(backend, "ours");
    store.beforeSwap = async () => {
      if (store.swaps < 4) await touch();
    };
    expect(await backend.abandon({ jobName: "report", id: "ours", record: null }, DEADLINE)).toBe(true);
    expect((await stateNow())?.active).toBeNull();
  });
});

test("fencing: an end without an answer is not done when another caller ended the run the other way", async () => {
  const lock = await started(backend, "ours");
  store.beforeSwap = async () => {
    store.beforeSwap = async () => {};
    await other.interrupt({ ...lock, record: null }, DEADLINE);
  };
  store.answer = lost;
  expect(await lossOn(backend.finish(lock, DEADLINE))).toMatchObject({ ending: "interrupted" });
  expect((await stateNow())?.finishedUntil).toBeNull();
});

test("tiling: a skip decides again after a lost swap", async () => {
  store.beforeSwap = async () => {
    store.beforeSwap = async () => {};
    await other.finish(await started(other, "theirs"), DEADLINE);
  };
  now = NOON + HOUR;
  await expect(backend.skip(HOURLY.jobName, NOON, DEADLINE)).rejects.toMatchObject({ code: "cannot-skip" });
  expect((await stateNow())?.finishedUntil).toBe(toIso(NOON + HOUR));

  now = NOON + 2 * HOUR;
  store.beforeSwap = async () => {
    store.beforeSwap = async () => {};
    await touch();
  };
  await backend.skip(HOURLY.jobName, NOON + 2 * HOUR, DEADLINE);
  expect((await stateNow())?.finishedUntil).toBe(toIso(NOON + 2 * HOUR));
});

test("fields of a later version are kept through a run", async () => {
  const state = { ...newJobState("report"), later: { kept: true } };
  await store.swap(null, state);
  const lock = await started(backend, "ours");
  await backend.finish(lock, DEADLINE);
  expect(await stateNow()).toMatchObject({ later: { kept: true }, finishedUntil: toIso(NOON) });
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
