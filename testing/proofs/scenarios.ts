import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import { newJobState } from "../../src/scheduler/state-document.ts";
import type { Calls, Script } from "./calls.ts";
import type { Scenario } from "./explorer.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");
const JOB = "report";
const NEVER: StartRequest = { jobName: JOB, jobInterval: HOUR };
const RETRIED: StartRequest = { ...NEVER, retryInterval: MINUTE };
const AFTER: StartRequest = { ...RETRIED, requiredJobNames: ["before"], startsAt: NOON - HOUR };
const BEFORE: StartRequest = { ...RETRIED, jobName: "before" };

type Steps = readonly ("finish" | "interrupt" | "renew" | "resume" | "abandon")[];

/** Starts, and makes calls with the lock until one of them fails. */
function run(request: StartRequest, ...steps: Steps): Script {
  return async (calls) => follow(calls, await calls.start(request), steps);
}

function takeOver(request: StartRequest, ...steps: Steps): Script {
  return async (calls) => follow(calls, await calls.startByTakeOver(request), steps);
}

async function follow(calls: Calls, lock: Awaited<ReturnType<Calls["start"]>>, steps: Steps): Promise<void> {
  if (lock === null) return;
  for (const step of steps) if ((await calls[step](lock)).is !== "done") return;
}

/** Starts twice, as a scheduled workflow does. */
function twice(request: StartRequest, ...steps: Steps): Script {
  return async (calls) => {
    await run(request, ...steps)(calls);
    await run(request, ...steps)(calls);
  };
}

function skip(until: number, jobName = JOB): Script {
  return (calls) => calls.skip(jobName, until);
}

const from = NOON;
const finish = run(NEVER, "finish");
const resumed = run(NEVER, "interrupt", "resume");
const retried = run(RETRIED, "finish");

/** The scenarios of the fast tests: a few seconds each at most. */
export const SHORT: readonly Scenario[] = [
  { name: "three starts that finish", from, faulty: true, scripts: [finish, finish, finish] },
  {
    name: "a finish, an interrupt and an abandon",
    from,
    scripts: [finish, run(NEVER, "interrupt"), run(NEVER, "abandon")],
  },
  {
    name: "a finish beside an interrupt that resumes",
    from,
    faulty: true,
    scripts: [run(NEVER, "interrupt", "resume", "finish"), finish],
  },
  {
    name: "a finish beside an abandon",
    from,
    faulty: true,
    scripts: [run(NEVER, "abandon"), finish],
  },
  {
    name: "a start beside an abandon of another start",
    from,
    faulty: true,
    scripts: [finish, (calls) => calls.abandon({ jobName: JOB, id: "b1", record: null })],
  },
  {
    name: "a takeover by time, with answers that come late",
    from,
    passing: [MINUTE],
    slowAnswers: true,
    scripts: [retried, retried],
  },
  { name: "a takeover by time, twice", from, passing: [MINUTE, MINUTE], scripts: [retried, retried] },
  {
    name: "a renewal beside a takeover by time",
    from,
    passing: [MINUTE - 1, 1],
    scripts: [run(RETRIED, "renew", "finish"), retried],
  },
  {
    name: "a resume beside a takeover by time",
    from,
    passing: [MINUTE],
    scripts: [run(RETRIED, "interrupt", "resume", "finish"), retried],
  },
  {
    name: "a renewal beside a takeover of a lock whose holder is dead",
    from,
    faulty: true,
    scripts: [run(NEVER, "renew", "finish"), takeOver(NEVER, "finish")],
  },
  {
    name: "a takeover that interrupts",
    from,
    faulty: true,
    scripts: [finish, takeOver(NEVER, "interrupt")],
  },
  {
    name: "two takeovers of a lock whose holder is dead",
    from,
    scripts: [run(NEVER, "renew", "finish"), takeOver(NEVER, "finish"), takeOver(NEVER, "interrupt")],
  },
  { name: "a skip beside an interrupt that resumes", from, faulty: true, scripts: [resumed, skip(NOON)] },
  { name: "a skip beside two starts", from, scripts: [finish, resumed, skip(NOON)] },
  {
    name: "a job that requires another",
    from,
    faulty: true,
    documents: [{ ...newJobState("before"), finishedUntil: toIso(NOON - HOUR) }],
    scripts: [run(BEFORE, "finish"), run(AFTER, "finish"), run(AFTER, "interrupt")],
  },
];

/** The scenarios of `EXPLORER=long npm test -- __tests__/proofs`: three minutes together at most. */
export const LONG: readonly Scenario[] = [
  ...SHORT,
  {
    name: "a takeover by time, with answers that come late and a fault",
    from,
    passing: [MINUTE],
    faulty: true,
    slowAnswers: true,
    scripts: [retried, retried],
  },
  {
    name: "a finish, an interrupt and an abandon, with a fault",
    from,
    faulty: true,
    scripts: [finish, run(NEVER, "interrupt"), run(NEVER, "abandon")],
  },
  { name: "a skip beside two starts, with a fault", from, faulty: true, scripts: [finish, resumed, skip(NOON)] },
  { name: "two takeovers by time", from, passing: [MINUTE], scripts: [retried, retried, retried] },
  {
    name: "two takeovers by time, with answers that come late",
    from,
    passing: [MINUTE],
    slowAnswers: true,
    scripts: [retried, retried, retried],
  },
  {
    name: "a renewal beside a takeover by time, with a fault",
    from,
    passing: [MINUTE],
    faulty: true,
    scripts: [run(RETRIED, "renew", "finish"), retried],
  },
  {
    name: "a resume beside a takeover by time, with a fault",
    from,
    passing: [MINUTE],
    faulty: true,
    scripts: [run(RETRIED, "interrupt", "resume", "finish"), retried],
  },
  {
    name: "two takeovers of a lock whose holder is dead, with a fault",
    from,
    faulty: true,
    scripts: [run(NEVER, "finish"), takeOver(NEVER, "finish"), takeOver(NEVER, "interrupt")],
  },
  {
    name: "two intervals of a job beside each other",
    from,
    passing: [HOUR],
    faulty: true,
    scripts: [twice(NEVER, "finish"), twice(NEVER, "finish")],
  },
  {
    name: "a job that requires another which is skipped",
    from,
    faulty: true,
    scripts: [run(BEFORE, "interrupt"), run(AFTER, "finish"), skip(NOON, "before")],
  },
];
