import { expect, test } from "@jest/globals";
import { notStartedLine } from "../../src/cli/not-started-line.ts";
import type { NotStarted } from "../../src/scheduler/not-started.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";

const AT = Date.parse("2026-11-24T04:00:00Z");
const ISO = "2026-11-24T04:00:00.000Z";
const REQUEST: StartRequest = { jobName: "report\n", jobInterval: "0 * * * *" };
const ACTIVE = { started: false, reason: "active", id: "1", since: AT, updatedAt: AT, holder: null } as const;
const REQUIRED = { started: false, reason: "required-job", jobName: "orders", neededUntil: AT } as const;

test.each<[NotStarted, Partial<StartRequest>, string]>([
  [
    { ...ACTIVE, retryAt: null },
    {},
    `(active): report\\u{a} is held by an unnamed run since ${ISO}; no start takes it over without --retry-interval: if its run is dead, set it, or free the lock with release`,
  ],
  [
    { ...ACTIVE, retryAt: AT },
    { retryInterval: 1000 },
    `(active): report\\u{a} is held by an unnamed run since ${ISO}; it can be taken over from ${ISO}`,
  ],
  [
    { ...ACTIVE, retryAt: null },
    { retryInterval: 1000 },
    `(active): report\\u{a} is held by an unnamed run since ${ISO}; if its run is dead, a later start takes the lock over by --retry-interval`,
  ],
  [
    { ...ACTIVE, id: null, since: null, updatedAt: null, retryAt: null },
    {},
    "(active): other starts took the lock of report\\u{a} before each attempt of this one; try again later",
  ],
  [{ started: false, reason: "not-due", dueAt: AT }, {}, `(not-due): report\\u{a} is due at ${ISO}`],
  [
    { started: false, reason: "not-due", dueAt: AT },
    { startBuffer: 1000 },
    `(not-due): report\\u{a} is due at ${ISO}, --start-buffer included`,
  ],
  [
    { started: false, reason: "not-due", dueAt: AT },
    { startsAt: AT - 1000 },
    `(not-due): report\\u{a} is due at ${ISO}; --starts-at moves a job only until it has finished its first interval`,
  ],
  [
    { started: false, reason: "not-due", dueAt: null },
    {},
    "(not-due): report\\u{a} is not due yet, and the server does not say when it is",
  ],
  [
    { ...REQUIRED, finishedUntil: null, mutual: false },
    {},
    `(required-job): report\\u{a} needs orders to have finished until ${ISO}, and it has finished nothing yet; check that --required-job has its exact name, and that something starts it`,
  ],
  [
    { ...REQUIRED, finishedUntil: AT - 1000, mutual: true },
    {},
    `(required-job): report\\u{a} needs orders to have finished until ${ISO}, and it has finished until 2026-11-24T03:59:59.000Z; it requires report\\u{a} in turn, so neither can start: leave one --required-job out`,
  ],
  [
    { started: false, reason: "unknown" },
    {},
    "(unknown): the server does not say whether report\\u{a} is held, not due, or waits for a required job; try again later",
  ],
])("%j with %j", (refusal, request, line) => {
  expect(notStartedLine("Not started", { ...REQUEST, ...request }, refusal)).toBe(`Not started ${line}`);
});
