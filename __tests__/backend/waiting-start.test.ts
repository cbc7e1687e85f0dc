import { expect, test } from "@jest/globals";
import type { StartAnswer } from "../../src/backend/job-backend.ts";
import { startWaiting } from "../../src/backend/waiting-start.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import type { Deadline } from "../../src/network/deadline.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import type { NotStarted } from "../../src/scheduler/not-started.ts";

const ACTIVE = {
  started: false,
  reason: "active",
  id: "1",
  since: 0,
  updatedAt: 0,
  holder: null,
  retryAt: null,
} as const;
const STARTED = { started: true, jobName: "report" } as StartAnswer;
const NOT_DUE = { started: false, reason: "not-due", dueAt: null } as const;
const REQUIRED = {
  started: false,
  reason: "required-job",
  jobName: "import",
  finishedUntil: 0,
  neededUntil: 1,
  mutual: false,
} as const;
const UNEXPLAINED = { started: false, reason: "unknown" } as const;
const away = (effect: "none" | "possible", retryAfter?: number) =>
  new ServiceError("unreachable", { place: "https://locks", problem: "is away", effect, retryAfter });

/** Plays the answers one after the other, and repeats the last one. Time passes in pauses only, unless an answer takes some. */
async function play(answers: readonly (StartAnswer | Error)[], { wait = HOUR, startTakes = 0 } = {}) {
  let now = 0;
  const starts: number[] = [];
  const changes: NotStarted[] = [];
  const failures: string[] = [];
  const caller = new AbortController();
  const until: Deadline = {
    remaining: () => (caller.signal.aborted ? 0 : Math.max(0, wait - now)),
    signal: caller.signal,
  };
  const start = async () => {
    starts.push(now);
    now += startTakes;
    const answer = answers[Math.min(starts.length, answers.length) - 1];
    if (answer === undefined) throw new Error("There is no answer");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const ending = startWaiting({
    first: start,
    again: start,
    until,
    onChange: (refusal) => changes.push(refusal),
    onFailure: ({ message }) => failures.push(message),
    now: () => now,
    random: () => 1,
    pause: async (ms) => {
      now += ms;
    },
  });
  const outcome = await ending.then(
    (answer) => ({ answer, error: null }),
    (error) => ({ answer: null, error }),
  );
  return { ...outcome, starts, changes, failures };
}

test("a start that is granted at once waits for nothing", async () => {
  expect(await play([STARTED])).toMatchObject({ answer: STARTED, starts: [0], changes: [] });
});

test.each([[ACTIVE], [REQUIRED], [UNEXPLAINED]])("%j is asked for again until it starts", async (refusal) => {
  const { answer, starts, changes } = await play([refusal, refusal, refusal, STARTED]);
  expect(answer).toBe(STARTED);
  expect(starts).toEqual([0, 2000, 6000, 14_000]);
  expect(changes).toEqual([refusal]);
});

test("an interval that is not due any more ends the wait", async () => {
  expect(await play([ACTIVE, NOT_DUE])).toMatchObject({ answer: NOT_DUE, starts: [0, 2000] });
});

test("each other refusal is reported once", async () => {
  const other = { ...ACTIVE, id: "2" };
  const further = { ...REQUIRED, finishedUntil: 1 };
  const { changes } = await play([ACTIVE, ACTIVE, other, REQUIRED, REQUIRED, further, STARTED]);
  expect(changes).toEqual([ACTIVE, other, REQUIRED, further]);
});

test("pauses grow to 30 seconds", async () => {
  const { starts } = await play([ACTIVE], { wait: 3 * MINUTE });
  const pauses = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
  expect(pauses.slice(0, 6)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("the start comes when the lock can be taken over", async () => {
  const soon = { ...ACTIVE, retryAt: 700 };
  expect(await play([soon, STARTED])).toMatchObject({ answer: STARTED, starts: [0, 700] });
  // A takeover that is possible by this clock, and refused by another one, is no reason to hurry.
  expect((await play([{ ...ACTIVE, retryAt: -1 }, STARTED])).starts).toEqual([0, 2000]);
});

test("the wait is over when its time has passed, with one start shortly before", async () => {
  const { answer, starts } = await play([ACTIVE], { wait: 20_000 });
  expect(answer).toBe(ACTIVE);
  expect(starts).toEqual([0, 2000, 6000, 14_000, 19_000]);
});

test("a start that fails ends the wait, and a failed last start that changed nothing leaves the refusal", async () => {
  expect((await play([ACTIVE, away("none")])).error).toMatchObject({ code: "unreachable" });
  const late = await play([ACTIVE, away("none")], { wait: 3000, startTakes: 1500 });
  expect(late).toMatchObject({ answer: ACTIVE, error: null, failures: ["https://locks is away"] });
  const open = await play([ACTIVE, away("possible")], { wait: 3000, startTakes: 1500 });
  expect(open.error).toMatchObject({ code: "unreachable", effect: "possible" });
});

test("a server that goes away, and has no time left to come back, leaves the refusal too", async () => {
  const gone = await play([ACTIVE, away("none", 0)], { wait: 20_000 });
  expect(gone).toMatchObject({ answer: ACTIVE, error: null, failures: ["https://locks is away"] });
  const open = await play([ACTIVE, away("possible", 0)], { wait: 20_000 });
  expect(open).toMatchObject({ error: { effect: "possible" }, failures: [] });
  expect((await play([away("none", 0)])).error).toMatchObject({ code: "unreachable" });
});
