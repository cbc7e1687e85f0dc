import { expect, test } from "@jest/globals";
import { notStartedLine } from "../../src/action/not-started-line.ts";
import { startedLines } from "../../src/backend/one-line.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { Active, NotStarted } from "../../src/scheduler/not-started.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const REQUEST: StartRequest = { jobName: "report", jobInterval: HOUR };
const ACTIVE: Active = {
  started: false,
  reason: "active",
  id: "lock-1",
  since: NOON,
  updatedAt: NOON,
  holder: { repository: "octo-org/reports", runId: "7" },
  retryAt: null,
};
const CONTESTED: Active = { ...ACTIVE, id: null, since: null, updatedAt: null, holder: null };

const HELD = "Not started (active): report is held by octo-org/reports, run 7 since 2026-11-24T12:00:00.000Z; ";
const REFUSALS: [request: Partial<StartRequest>, refusal: NotStarted, line: string][] = [
  [
    {},
    CONTESTED,
    "Not started (active): other runs took the lock of report before each attempt of this step, and a later run can take it; if that goes on, let fewer runs start report at the same time",
  ],
  [
    {},
    ACTIVE,
    `${HELD}no run takes it over, because retry-interval is not set: if its run is dead, add "permissions: actions: read", set retry-interval, or free the lock by hand (docs/locks.md)`,
  ],
  [
    { retryInterval: HOUR },
    { ...ACTIVE, retryAt: NOON + HOUR },
    `${HELD}it can be taken over from 2026-11-24T13:00:00.000Z, or earlier with a shorter retry-interval`,
  ],
  // A server that does not say when.
  [{ retryInterval: HOUR }, ACTIVE, `${HELD}if its run is dead, a later run takes the lock over by retry-interval`],
  [
    { startBuffer: HOUR },
    { started: false, reason: "not-due", dueAt: NOON },
    "Not started (not-due): report is due at 2026-11-24T12:00:00.000Z, start-buffer included, and a run from then on starts it",
  ],
  [
    { startsAt: NOON + HOUR },
    { started: false, reason: "not-due", dueAt: NOON },
    "Not started (not-due): report is due at 2026-11-24T12:00:00.000Z, and a run from then on starts it; it has finished an interval already, and so ignores starts-at",
  ],
  [
    {},
    { started: false, reason: "not-due", dueAt: null },
    "Not started (not-due): report is not due yet, and the server does not say when it is",
  ],
  [
    {},
    { started: false, reason: "unknown" },
    "Not started (unknown): the server does not say whether report is held, not due, or waits for a required job; a later run tries again, and with retry-interval set it takes over the lock of a run that never ended",
  ],
];
test.each(REFUSALS)("%j, %j", (request, refusal, line) => {
  expect(notStartedLine("Not started", { request: { ...REQUEST, ...request }, answer: refusal, holderRun: null })).toBe(
    line,
  );
});

test("a holder that GitHub says is running needs no way out", () => {
  const holderRun = { isCompleted: false, jobName: null, isThisRun: false, isEarlierAttempt: false };
  expect(notStartedLine("Waiting", { request: REQUEST, answer: ACTIVE, holderRun })).toBe(
    "Waiting (active): report is held by octo-org/reports, run 7 since 2026-11-24T12:00:00.000Z, which is still running; once that run is over, a later run takes the lock over or finds it free",
  );
});

test.each([
  [null, []],
  [0, []],
  [999, ["report is behind: 999 further intervals are due"]],
  // The rules count no further.
  [1000, ["report is behind: at least 1000 further intervals are due"]],
])("behind: %s", (behind, lines) => {
  const interval = { jobName: "report", intervalStartedAt: NOON - HOUR, intervalEndedAt: NOON };
  const lock = { started: true, ...interval, createdAt: NOON, updatedAt: NOON, lock: null } as const;
  expect(startedLines({ ...lock, behind, skipped: null, takenOver: null }).slice(1)).toEqual(lines);
});

test("a lock that was taken over from a run without a name", () => {
  const interval = { jobName: "report", intervalStartedAt: NOON - HOUR, intervalEndedAt: NOON };
  const lock = { started: true, ...interval, createdAt: NOON, updatedAt: NOON, lock: null, behind: 0 } as const;
  expect(startedLines({ ...lock, skipped: null, takenOver: { holder: null, since: null } })).toContain(
    "Took over the lock of an unnamed run; if that run still works, both do this interval",
  );
});
