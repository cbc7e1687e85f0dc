import { beforeEach, describe, expect, test } from "@jest/globals";
import type { LocalBackend } from "../../src/backend/local-backend.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
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
import { lossOn } from "../../testing/errors/lost-lock.ts";

let runs: ContendingRuns;
let store: ContendingRuns["store"];
let backend: LocalBackend;
/** The backend of another run, over the same documents. */
let other: LocalBackend;
beforeEach(() => {
  runs = new ContendingRuns();
  ({ store, backend, other } = runs);
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
    expect(await runs.stateNow()).toMatchObject({
      active: null,
      finishedUntil: end === "finish" ? toIso(NOON) : null,
      history: [{ id: "ours", outcome, runUrl: HOLDER.runUrl }],
    });
  });

  test.each(["is stale", "is not known"])("when the record %s, it reads the job's", async (which) => {
    const lock = await started(backend, "ours");
    await runs.touch();
    await backend[end](which === "is stale" ? lock : { ...lock, record: null }, DEADLINE);
    expect(await runs.stateNow()).toMatchObject({ active: null, history: [{ outcome }] });
  });

  test("is done when its answer got lost", async () => {
    const lock = await started(backend, "ours");
    store.loseNextAnswer();
    await backend[end](lock, DEADLINE);
    expect((await runs.stateNow())?.history).toMatchObject([{ id: "ours", outcome }]);
  });

  test("is done when its answer got lost, and the next run has begun", async () => {
    const lock = await started(backend, "ours");
    store.loseNextAnswer();
    store.beforeNextSwap(async (state) => {
      await runs.storeOfOther().swap(lock.record?.version ?? null, state);
      runs.now += HOUR;
      await started(other, "theirs");
    });
    await backend[end](lock, DEADLINE);
    expect((await runs.stateNow())?.active?.id).toBe("theirs");
  });

  test("at once with another one of its kind has one of them end the run", async () => {
    const lock = await started(backend, "ours");
    const ends = [backend, other, backend].map((each) => each[end]({ ...lock, record: null }, DEADLINE));
    const answers = await Promise.allSettled(ends);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ loss: { ending: outcome, at: NOON } });
    }
    expect((await runs.stateNow())?.history).toHaveLength(1);
  });

  test("a second time finds the lock ended", async () => {
    const lock = await started(backend, "ours");
    await backend[end](lock, DEADLINE);
    runs.now += MINUTE;
    const loss = await lossOn(backend[end]({ ...lock, record: null }, DEADLINE));
    expect(loss).toEqual({ ending: outcome, at: NOON });
    expect((await runs.stateNow())?.history).toHaveLength(1);
  });

  test("finds the lock ended the other way", async () => {
    const lock = await started(backend, "ours");
    await other[otherEnd](lock, DEADLINE);
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: otherOutcome, at: NOON });
  });

  test("of a lock that was taken over names the new holder, and leaves the new lock as it is", async () => {
    const lock = await started(backend, "ours");
    runs.now += 10 * MINUTE;
    const theirs = { repository: "octo-org/other", runUrl: "https://github.com/octo-org/other/actions/runs/2" };
    const request = { ...HOURLY, retryInterval: 10 * MINUTE };
    const taken = await other.start(request, claim("theirs", { holder: theirs }), DEADLINE);
    expect(taken).toMatchObject({ started: true, intervalStartedAt: NOON - HOUR, intervalEndedAt: NOON });
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: "taken-over", at: runs.now, holder: theirs });
    expect((await runs.stateNow())?.active?.id).toBe("theirs");

    const takenOverAt = runs.now;
    runs.now += MINUTE;
    await other.finish(lockOf(taken), DEADLINE);
    const ended = { ending: "taken-over", at: takenOverAt, holder: theirs };
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual(ended);
  });

  test("of a lock that is forgotten, or was never there", async () => {
    const lock = await started(backend, "ours");
    await other.finish(lock, DEADLINE);
    for (let run = 0; run < 20; run++) {
      runs.now += HOUR;
      await other.finish(await started(other, `run-${run}`), DEADLINE);
    }
    expect(await lossOn(backend[end](lock, DEADLINE))).toEqual({ ending: "unknown" });
    const never = { jobName: "never", id: "ours", record: null };
    expect(await lossOn(backend[end](never, DEADLINE))).toEqual({ ending: "unknown" });
  });
});

test("fencing: an end without an answer is not done when another caller ended the run the other way", async () => {
  const lock = await started(backend, "ours");
  store.beforeNextSwap(async () => {
    await other.interrupt({ ...lock, record: null }, DEADLINE);
  });
  store.loseNextAnswer();
  expect(await lossOn(backend.finish(lock, DEADLINE))).toMatchObject({ ending: "interrupted" });
  expect((await runs.stateNow())?.finishedUntil).toBeNull();
});

test("fields of a later version are kept through a run", async () => {
  const state = { ...newJobState("report"), later: { kept: true } };
  await store.swap(null, state);
  const lock = await started(backend, "ours");
  await backend.finish(lock, DEADLINE);
  expect(await runs.stateNow()).toMatchObject({ later: { kept: true }, finishedUntil: toIso(NOON) });
});
