import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkLocationOf, handedLockText, NOT_STARTED_TEXT, readHandedLock } from "../../src/backend/handed-lock.ts";
import { endOfHandedLock } from "../../src/backend/handed-lock-end.ts";
import { LockLostError, type Started } from "../../src/backend/job-backend.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { parseLocation } from "../../src/location/location.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { EndedRun, Holder, JobState } from "../../src/scheduler/state-document.ts";
import { anyCharacter } from "../../testing/generators/characters.ts";

const AT = Date.parse("2026-11-24T04:00:00Z");
const HERE = parseLocation("git+https://github.com/octo-org/reports");
const STARTED: Started = {
  started: true,
  jobName: "report",
  intervalStartedAt: AT,
  intervalEndedAt: AT + HOUR,
  createdAt: AT + HOUR,
  updatedAt: AT + HOUR,
  lock: { jobName: "report", id: "id-1", record: null },
  behind: 2,
  skipped: null,
  takenOver: null,
};
const RUN = { serverUrl: "https://github.com", repository: "octo-org/reports", runId: "7" };
const INTERVAL = { intervalStartedAt: "2026-11-24T04:00:00.000Z", intervalEndedAt: "2026-11-24T05:00:00.000Z" };

const LOCK = { ...(readHandedLock(handedLockText(STARTED, HERE)) ?? fail()), id: "id-1" };

function fail(): never {
  throw new Error("The text is that of a lock");
}

describe("the text of a lock", () => {
  test("has the job, the id, the interval, and no address", () => {
    const text = handedLockText(STARTED, HERE);
    expect(text).not.toContain("github.com");
    expect(JSON.parse(text)).toEqual({
      started: true,
      job: "report",
      id: "id-1",
      ...INTERVAL,
      createdAt: "2026-11-24T05:00:00.000Z",
      updatedAt: "2026-11-24T05:00:00.000Z",
      behind: 2,
      location: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  test("is read as it was written, whatever the job's name", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200, unit: anyCharacter }), (jobName) => {
        const text = handedLockText({ ...STARTED, jobName }, HERE);
        expect(text).not.toMatch(/\n/);
        expect(readHandedLock(text)).toEqual({ ...LOCK, jobName });
      }),
    );
  });

  test("of a start that was refused, or that took no lock", () => {
    expect(readHandedLock(NOT_STARTED_TEXT)).toBeNull();
    expect(readHandedLock(handedLockText({ ...STARTED, lock: null }, HERE))).toMatchObject({ id: null });
  });

  test.each([
    "",
    "null",
    "[]",
    "true",
    '"started"',
    "{}",
    '{"started":"false"}',
    handedLockText(STARTED, HERE).slice(0, -1),
    handedLockText(STARTED, HERE).replace('"id-1"', '"id 1"'),
    handedLockText(STARTED, HERE).replace('"id-1"', "1"),
    handedLockText(STARTED, HERE).replace('"id-1"', "null"),
    handedLockText({ ...STARTED, lock: null }, HERE).replace('"noLock":true', '"noLock":false'),
    handedLockText(STARTED, HERE).replace("04:00", "24:00"),
    handedLockText(STARTED, HERE).replace('"createdAt"', '"created"'),
    handedLockText(STARTED, HERE).replace('"behind":2', '"behind":-1'),
    handedLockText(STARTED, HERE).replace('"report"', '""'),
  ])("%s is refused", (text) => {
    expect(() => readHandedLock(text)).toThrow(ArgumentError);
  });

  test("belongs to one location", () => {
    expect(() => checkLocationOf(LOCK, HERE)).not.toThrow();
    expect(() => checkLocationOf(LOCK, parseLocation("git+https://github.com/octo-org/reports/"))).not.toThrow();
    expect(() => checkLocationOf(LOCK, parseLocation("git+https://github.com/octo-org/other"))).toThrow(
      "is not where the lock was taken",
    );
  });
});

describe("the end of a lock that was handed on", () => {
  const holder: Holder = { ...RUN, attempt: "1", job: "plan" };
  const active = { id: "id-1", ...INTERVAL, createdAt: "x", updatedAt: "x", holder, idempotencyKey: null };
  const ended = (outcome: string, more: Partial<EndedRun> = {}): EndedRun => ({
    id: "id-1",
    ...INTERVAL,
    outcome,
    endedAt: "2026-11-24T06:00:00.000Z",
    runUrl: null,
    holder,
    ...more,
  });
  const state = (parts: Partial<JobState>): JobState => ({
    v: 1,
    name: "report",
    finishedUntil: null,
    active: null,
    history: [],
    ...parts,
  });
  const endOf = (isDone: boolean, of: JobState | null, lock: Partial<typeof LOCK> = {}) =>
    endOfHandedLock({ lock: { ...LOCK, ...lock }, isDone, run: RUN }, of);

  test.each([
    [true, "finish"],
    [false, "interrupt"],
  ])("while it is active: %s, %s", (isDone, call) => {
    expect(endOf(isDone, state({ active }))).toEqual({ call });
  });

  test("after an interrupt of an earlier attempt it is resumed, or stays as it is", () => {
    const interrupted = state({ history: [ended("interrupted")] });
    expect(endOf(true, interrupted)).toEqual({ call: "resume-and-finish" });
    expect(endOf(false, interrupted)).toEqual({ call: null, endedAt: "2026-11-24T06:00:00.000Z" });
  });

  test("a finish is repeated in vain, and not taken back", () => {
    const finished = state({ history: [ended("finished")] });
    expect(endOf(true, finished)).toMatchObject({ call: null });
    expect(() => endOf(false, finished)).toThrow(LockLostError);
  });

  test.each([
    ["was taken over", state({ history: [ended("taken-over")] })],
    ["ended in a way that is unknown here", state({ history: [ended("paused")] })],
    ["left no trace", state({})],
    ["is of a job that is gone", null],
    ["was replaced by another lock", state({ active: { ...active, id: "id-2" } })],
  ])("a lock that %s is lost", (_, of) => {
    for (const isDone of [true, false]) expect(() => endOf(isDone, of)).toThrow(LockLostError);
  });

  const STRANGERS: [string, Holder | null][] = [
    ["another run", { ...holder, runId: "8" }],
    ["another repository", { ...holder, repository: "octo-org/other" }],
    ["another server", { ...holder, serverUrl: "https://ghe.example.com" }],
    ["a program", { job: "plan" }],
    ["nothing that is known", null],
  ];
  test.each(STRANGERS)("a lock of %s is refused, active or not", (_, stranger) => {
    for (const isDone of [true, false]) {
      expect(() => endOf(isDone, state({ active: { ...active, holder: stranger } }))).toThrow("which alone may end it");
      const { holder: __, ...run } = ended("interrupted");
      const history = [stranger === null ? run : { ...run, holder: stranger }];
      expect(() => endOf(isDone, state({ history }))).toThrow("which alone may end it");
    }
  });

  test("a text with another interval than the state's is refused", () => {
    expect(() => endOf(true, state({ active }), { intervalEndedAt: AT + 2 * HOUR })).toThrow("is for another interval");
  });

  test("a process that is no workflow run ends none", () => {
    const none = { lock: LOCK, isDone: true, run: {} };
    expect(() => endOfHandedLock(none, state({ active: { ...active, holder: {} } }))).toThrow("which alone may end it");
  });
});
