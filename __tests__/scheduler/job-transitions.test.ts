import { describe, expect, test } from "@jest/globals";
import { HOUR, type Instant, MINUTE } from "../../src/scheduler/instant.ts";
import {
  abandon,
  finish,
  type Grant,
  grantLock,
  interrupt,
  type Transition,
} from "../../src/scheduler/job-transitions.ts";
import { renew, resume, skip } from "../../src/scheduler/later-transitions.ts";
import { readState } from "../../src/scheduler/read-state-document.ts";
import {
  type EndedRun,
  isLockIdUsed,
  type JobState,
  type Lock,
  newJobState,
  type RecordedSchedule,
} from "../../src/scheduler/state-document.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

const instant = (time: string): Instant => Date.parse(at(time));
const NOW = instant("10:10");
const SCHEDULE: RecordedSchedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
const HOLDER = { runUrl: "https://github.example/runs/2" };

/** The run of `lock("09:00", "10:00")` after it ended. */
const run = (changed: Partial<EndedRun>) =>
  ended({
    id: "lock-1",
    intervalStartedAt: at("09:00"),
    intervalEndedAt: at("10:00"),
    createdAt: at("10:00"),
    runUrl: "https://github.example/runs/1",
    holder: { repository: "octo/reports", runId: "1", attempt: "1", job: "run" },
    ...changed,
  });
const interrupted = (changed: Partial<EndedRun> = {}) =>
  run({ outcome: "interrupted", endedAt: at("10:05"), ...changed });
const active = job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [ended()] });
const begun = (from: string, to: string) => ({ intervalStartedAt: at(from), intervalEndedAt: at(to) });
const span = (from: string, to: string, recorded = "10:10") => ({
  skippedStartedAt: at(from),
  skippedEndedAt: at(to),
  recordedAt: at(recorded),
});

function grantOf(granted: Lock, first = granted): Grant {
  const begun = {
    intervalStartedAt: Date.parse(first.intervalStartedAt),
    intervalEndedAt: Date.parse(first.intervalEndedAt),
  };
  return { lock: granted, begun, schedule: SCHEDULE };
}

function stateOf<Refusal>({ state, refusal }: Transition<Refusal>): JobState {
  if (state === null) throw new Error(`Expected a change, not ${JSON.stringify(refusal)}`);
  return state;
}

test("the state of a new job is empty", () => {
  expect(newJobState("report")).toEqual({ v: 1, name: "report", finishedUntil: null, active: null, history: [] });
});

describe("grantLock", () => {
  test("makes the lock active, and records the schedule", () => {
    const before = job({ finishedUntil: at("09:00"), history: [ended()] });
    expect(grantLock(before, grantOf(lock("09:00", "10:00")))).toEqual({
      ...before,
      active: lock("09:00", "10:00"),
      schedule: SCHEDULE,
    });
  });

  test("records the begun interval, before catching up, until the job has finished something", () => {
    const latest = grantOf(lock("09:00", "10:00"), lock("06:00", "07:00"));
    expect(grantLock(job(), latest).begun).toEqual(begun("06:00", "07:00"));
    expect(grantLock(job({ begun: begun("05:00", "06:00") }), latest).begun).toEqual(begun("06:00", "07:00"));
    const later = job({ begun: begun("05:00", "06:00"), finishedUntil: at("09:00") });
    expect(grantLock(later, latest).begun).toEqual(begun("05:00", "06:00"));
  });

  test("takes over an active lock, which ends when the new lock is created", () => {
    const takeover = lock("09:00", "10:00", { id: "lock-2", createdAt: at("10:30"), updatedAt: at("10:30") });
    expect(grantLock(active, grantOf(takeover))).toEqual({
      ...active,
      active: takeover,
      schedule: SCHEDULE,
      history: [run({ outcome: "taken-over", endedAt: at("10:30") }), ended()],
    });
  });
});

describe("finish", () => {
  test("moves the progress to the interval's end", () => {
    expect(stateOf(finish(active, "lock-1", NOW))).toEqual({
      ...active,
      finishedUntil: at("10:00"),
      active: null,
      history: [run({ outcome: "finished", endedAt: at("10:10") }), ended()],
    });
  });

  test("records the span before the interval as skipped", () => {
    const latest = { ...active, finishedUntil: at("06:00") };
    expect(stateOf(finish(latest, "lock-1", NOW)).skipped).toEqual([span("06:00", "09:00")]);
  });

  test("of a first interval records the span from the begun start as skipped", () => {
    const first = job({ active: lock("09:00", "10:00"), begun: begun("07:00", "08:00") });
    expect(stateOf(finish(first, "lock-1", NOW))).toMatchObject({
      finishedUntil: at("10:00"),
      skipped: [span("07:00", "09:00")],
    });
    const whole = job({ active: lock("09:00", "10:00"), begun: begun("09:00", "10:00") });
    expect(stateOf(finish(whole, "lock-1", NOW)).skipped).toBeUndefined();
  });

  test("of a first interval that an older version granted records no skipped span", () => {
    expect(stateOf(finish(job({ active: lock("09:00", "10:00") }), "lock-1", NOW)).skipped).toBeUndefined();
  });

  test("leaves no link to a run whose holder gave none", () => {
    const anonymous = job({ active: lock("09:00", "10:00", { holder: null }) });
    expect(stateOf(finish(anonymous, "lock-1", NOW)).history[0]?.runUrl).toBeNull();
    const unlinked = job({ active: lock("09:00", "10:00", { holder: { job: "run" } }) });
    expect(stateOf(finish(unlinked, "lock-1", NOW)).history[0]?.runUrl).toBeNull();
  });
});

describe("interrupt", () => {
  test("leaves the progress as it is", () => {
    expect(stateOf(interrupt(active, "lock-1", NOW))).toEqual({
      ...active,
      active: null,
      history: [run({ outcome: "interrupted", endedAt: at("10:10") }), ended()],
    });
  });

  test("leaves the begun interval as it is", () => {
    const first = job({ active: lock("09:00", "10:00"), begun: begun("09:00", "10:00") });
    expect(stateOf(interrupt(first, "lock-1", NOW))).toMatchObject({
      finishedUntil: null,
      active: null,
      begun: begun("09:00", "10:00"),
    });
  });
});

describe.each([
  ["finish", finish],
  ["interrupt", interrupt],
  ["renew", renew],
])("%s of an id that is not the active lock", (_, change) => {
  const idle = (history: readonly EndedRun[]) => job({ finishedUntil: at("09:00"), history });
  test.each<[string, JobState, object]>([
    [
      "that finished",
      idle([run({ outcome: "finished", endedAt: at("10:05") })]),
      { ending: "finished", at: instant("10:05") },
    ],
    ["that was interrupted", idle([interrupted()]), { ending: "interrupted", at: instant("10:05") }],
    [
      "that was taken over",
      {
        ...idle([run({ outcome: "taken-over", endedAt: at("10:05") })]),
        active: lock("09:00", "10:00", { id: "lock-2" }),
      },
      { ending: "taken-over", at: instant("10:05"), holder: lock("09:00", "10:00").holder },
    ],
    ["that ended as only a newer version knows", idle([run({ outcome: "lost" })]), { ending: "unknown" }],
    ["that never was one", idle([ended()]), { ending: "unknown" }],
    ["of a new job", newJobState("report"), { ending: "unknown" }],
  ])("%s changes nothing, and tells how the lock ended", (_, state, loss) => {
    expect(change(state, "lock-1", NOW)).toEqual({ state: null, refusal: loss });
  });
});

describe("renew", () => {
  test("sets when the lock was updated last, and nothing else", () => {
    expect(stateOf(renew(active, "lock-1", NOW))).toEqual({
      ...active,
      active: lock("09:00", "10:00", { updatedAt: at("10:10") }),
    });
  });

  test("sets a later instant even in the same millisecond, so that a takeover that names the earlier one fails", () => {
    for (const now of [instant("10:00"), instant("09:59")]) {
      expect(stateOf(renew(active, "lock-1", now)).active?.updatedAt).toBe(at("10:00:00.001"));
    }
  });
});

describe("abandon", () => {
  test("of a start that was not granted remembers its id", () => {
    const { state, held } = abandon(active, "lock-2", NOW);
    expect(held).toBe(false);
    expect(state).toEqual({ ...active, abandoned: [{ id: "lock-2", abandonedAt: at("10:10") }] });
    expect(isLockIdUsed(state, "lock-2")).toBe(true);
  });

  test("of a lock interrupts its run, and remembers its id, so that nothing resumes it", () => {
    const { state, held } = abandon(active, "lock-1", NOW);
    expect(held).toBe(true);
    expect(state).toMatchObject({
      active: null,
      abandoned: [{ id: "lock-1" }],
      history: [{ outcome: "interrupted" }, {}],
    });
    expect(resume(state, { id: "lock-1", holder: HOLDER, now: NOW }).refusal).toMatchObject({ reason: "abandoned" });
  });

  test("can be repeated", () => {
    const once = abandon(active, "lock-1", NOW).state;
    expect(abandon(once, "lock-1", NOW)).toEqual({ state: once, held: false });
  });

  test("remembers ids that an older version recorded without an age", () => {
    const { state } = abandon(job({ abandoned: ["old"] }), "new", NOW);
    expect(state.abandoned).toEqual([
      { id: "new", abandonedAt: at("10:10") },
      { id: "old", abandonedAt: at("10:10") },
    ]);
  });
});

describe("ids are remembered", () => {
  test("for an hour, whatever their number up to 1,000", () => {
    let state = newJobState("report");
    for (let count = 0; count < 1_200; count++) {
      const now = instant("09:00") + count * 1_000;
      state = grantLock(
        state,
        grantOf(lock("08:00", "08:30", { id: `run-${count}`, createdAt: new Date(now).toISOString() })),
      );
      state = stateOf(interrupt(state, `run-${count}`, now));
      state = abandon(state, `start-${count}`, now).state;
    }
    for (const kind of ["run", "start"]) {
      expect(isLockIdUsed(state, `${kind}-1199`)).toBe(true);
      expect(isLockIdUsed(state, `${kind}-200`)).toBe(true);
      expect(isLockIdUsed(state, `${kind}-100`)).toBe(false);
    }
    expect(state.ended?.length).toBe(1_000);
    expect(state.abandoned?.length).toBe(1_000);
    expect(state.history.length).toBe(20);
  });

  test("as ended no earlier than the lock's last update, whatever the clock of the machine that ends the run", () => {
    const held = job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [] });
    expect(stateOf(interrupt(held, "lock-1", instant("07:00"))).history[0]?.endedAt).toBe(at("10:00"));
  });

  test("no longer than an hour, beyond the runs in the history", () => {
    let state = newJobState("report");
    for (let count = 0; count < 30; count++) {
      const now = instant("09:00") + count * 10 * MINUTE;
      const taken = new Date(now).toISOString();
      const next = lock("08:00", "08:30", { id: `run-${count}`, createdAt: taken, updatedAt: taken });
      state = grantLock(state, grantOf(next));
      state = stateOf(interrupt(state, `run-${count}`, now));
      state = abandon(state, `start-${count}`, now).state;
    }
    state = grantLock(state, grantOf(lock("08:00", "08:30", { id: "run-30", createdAt: at("13:59") })));
    expect(isLockIdUsed(state, "run-10")).toBe(true);
    expect(isLockIdUsed(state, "run-9")).toBe(false);
    expect(isLockIdUsed(state, "start-24")).toBe(true);
    expect(isLockIdUsed(state, "start-23")).toBe(false);
    expect(state).not.toHaveProperty("ended");
  });
});

describe("resume", () => {
  const idle = job({ finishedUntil: at("09:00"), history: [interrupted(), ended()] });
  const resumption = { id: "lock-1", holder: HOLDER, now: NOW };

  test("makes the interrupted lock active again, with its id, interval and age, for its caller", () => {
    expect(stateOf(resume(idle, resumption))).toEqual({
      ...idle,
      active: lock("09:00", "10:00", { updatedAt: at("10:10"), holder: HOLDER }),
    });
  });

  test("can be repeated", () => {
    const once = stateOf(resume(idle, resumption));
    expect(stateOf(resume(once, { ...resumption, now: NOW + 1 }))).toEqual({
      ...once,
      active: { ...once.active, updatedAt: at("10:10:00.001") },
    });
  });

  test("counts from now, although the run was ended by a clock that is ahead", () => {
    const ahead = { ...idle, history: [{ ...interrupted(), endedAt: at("15:00") }] };
    expect(stateOf(resume(ahead, resumption)).active?.updatedAt).toBe(at("10:10:00.001"));
  });

  test("of an interrupt that an older version recorded takes the lock's end for its age", () => {
    const { createdAt: _, ...old } = interrupted();
    expect(stateOf(resume({ ...idle, history: [old] }, resumption)).active?.createdAt).toBe(at("10:05"));
  });

  test("lets an interval that starts after the progress be finished, and records the span before it as skipped", () => {
    const latest = { ...idle, finishedUntil: at("07:00") };
    expect(stateOf(finish(stateOf(resume(latest, resumption)), "lock-1", NOW))).toMatchObject({
      finishedUntil: at("10:00"),
      skipped: [span("07:00", "09:00")],
    });
  });

  const other = (changed: Partial<EndedRun> = {}) => run({ id: "lock-2", runUrl: HOLDER.runUrl, ...changed });
  test.each<[string, JobState, object]>([
    [
      "an active lock that was granted since",
      { ...idle, active: lock("09:00", "10:00", { id: "lock-2", holder: HOLDER }) },
      { reason: "granted-since", grantedSince: { id: "lock-2", holder: HOLDER } },
    ],
    [
      "a run that was granted since, and ended",
      { ...idle, history: [other({ outcome: "interrupted" }), interrupted()] },
      { reason: "granted-since", grantedSince: { id: "lock-2", holder: HOLDER } },
    ],
    [
      "a takeover",
      {
        ...idle,
        history: [run({ outcome: "taken-over" })],
        active: lock("09:00", "10:00", { id: "lock-2", holder: null }),
      },
      { reason: "granted-since", grantedSince: { id: "lock-2", holder: null } },
    ],
    ["its own finish", { ...idle, history: [run({ outcome: "finished" })] }, { reason: "ended", grantedSince: null }],
    ["an outcome of a newer version", { ...idle, history: [run({ outcome: "lost" })] }, { reason: "ended" }],
    ["an unknown id", { ...idle, history: [ended()] }, { reason: "ended", loss: { ending: "unknown" } }],
    ["a new job", newJobState("report"), { reason: "ended" }],
    ["an abandoned start", { ...idle, abandoned: ["lock-1"] }, { reason: "abandoned" }],
    ["a skip over its start", { ...idle, finishedUntil: at("09:30") }, { reason: "passed" }],
  ])("is refused by %s", (_, state, refusal) => {
    expect(resume(state, resumption)).toMatchObject({ state: null, refusal });
  });
});

describe("skip", () => {
  const idle = job({ finishedUntil: at("07:00"), history: [ended()] });

  test("moves the progress, and records the span", () => {
    expect(stateOf(skip(idle, instant("09:30"), NOW))).toEqual({
      ...idle,
      finishedUntil: at("09:30"),
      skipped: [span("07:00", "09:30")],
    });
    expect(stateOf(skip(idle, NOW, NOW)).finishedUntil).toBe(at("10:10"));
  });

  test("of a job that finished nothing records the span from the begun start", () => {
    const first = job({ begun: begun("06:00", "07:00"), history: [interrupted()] });
    expect(stateOf(skip(first, instant("06:30"), NOW)).skipped).toEqual([span("06:00", "06:30")]);
    expect(skip(first, instant("06:00"), NOW).refusal).toEqual({ reason: "passed", after: instant("06:00") });
  });

  test("of a job that never began records nothing", () => {
    expect(stateOf(skip(newJobState("report"), instant("09:30"), NOW))).toEqual(job({ finishedUntil: at("09:30") }));
  });

  test("can be repeated, even after a run was granted since", () => {
    const first = stateOf(skip(newJobState("report"), instant("09:30"), NOW));
    expect(skip(first, instant("09:30"), NOW).state).toBe(first);
    const started = { ...first, active: lock("09:30", "10:00") };
    expect(skip(started, instant("09:30"), NOW).state).toBe(started);
    const once = stateOf(skip(idle, instant("09:30"), NOW));
    expect(skip(once, instant("09:30"), NOW).state).toBe(once);
    const granted = grantLock(once, grantOf(lock("09:30", "10:00")));
    expect(skip(granted, instant("09:30"), NOW).state).toBe(granted);
  });

  test.each<[string, JobState, string, object]>([
    ["while a lock is active", active, "09:30", { reason: "active", lock: active.active }],
    ["to the future", idle, "10:10:00.001", { reason: "in-future" }],
    ["to before the progress", idle, "06:00", { reason: "passed", after: instant("07:00") }],
    ["to the progress of a run that finished", idle, "07:00", { reason: "passed", after: instant("07:00") }],
    [
      "to the end of an older skipped span",
      { ...idle, skipped: [span("05:00", "06:00")] },
      "06:00",
      { reason: "passed", after: instant("07:00") },
    ],
  ])("is refused %s", (_, state, until, refusal) => {
    expect(skip(state, instant(until), NOW)).toEqual({ state: null, refusal });
  });

  test("keeps the last 20 spans", () => {
    let state = idle;
    for (let minute = 1; minute <= 25; minute++) state = stateOf(skip(state, instant("07:00") + minute * MINUTE, NOW));
    expect(state.skipped?.length).toBe(20);
    expect(state.skipped?.[0]).toMatchObject({ skippedEndedAt: at("07:25") });
  });
});

test("the history keeps the last 20 runs, newest first", () => {
  let state = newJobState("report");
  for (let hour = 0; hour < 23; hour++) {
    const [from, to] = [hour, hour + 1].map((h) => `${String(h).padStart(2, "0")}:00`);
    state = grantLock(state, grantOf(lock(`${from}`, `${to}`, { id: `lock-${hour}` })));
    state = stateOf(finish(state, `lock-${hour}`, NOW));
  }
  expect(state.history.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `lock-${22 - index}`));
  expect(state.finishedUntil).toBe(at("23:00"));
  expect(state.skipped).toBeUndefined();
});

describe("fields of a newer version are kept", () => {
  const later = { later: { than: ["this"] } };
  const history = [{ ...interrupted({ id: "lock-0" }), ...later }];
  const held = { ...lock("09:00", "10:00"), ...later, holder: { ...lock("09:00", "10:00").holder, ...later } };
  const idle = { ...job({ finishedUntil: at("09:00"), history }), ...later };
  const state = { ...idle, active: held };

  test("by reading, at every level", () => {
    expect(readState(structuredClone(state), "report")).toEqual(state);
  });

  test("by a renewal, in the lock", () => {
    expect(stateOf(renew(state, "lock-1", NOW)).active).toMatchObject(later);
  });

  test.each<[string, JobState, (state: JobState) => JobState]>([
    ["a takeover", state, (before) => grantLock(before, grantOf(lock("09:00", "10:00", { id: "lock-2" })))],
    ["a finish", state, (before) => stateOf(finish(before, "lock-1", NOW))],
    ["an interrupt", state, (before) => stateOf(interrupt(before, "lock-1", NOW))],
    ["an abandoned start", state, (before) => abandon(before, "lock-1", NOW).state],
    ["a renewal", state, (before) => stateOf(renew(before, "lock-1", NOW))],
    ["a skip", idle, (before) => stateOf(skip(before, instant("09:30"), NOW))],
    [
      "a resume",
      idle,
      (before) =>
        stateOf(
          resume({ ...before, history: [interrupted(), ...before.history] }, { id: "lock-1", holder: null, now: NOW }),
        ),
    ],
  ])("by %s, in the document and in the runs that ended before", (_, before, change) => {
    const after = change(readState(structuredClone(before), "report"));
    expect(after).toMatchObject(later);
    expect(after.history.slice(-1)).toEqual(history);
    expect(readState(JSON.parse(JSON.stringify(after)), "report")).toEqual(after);
  });
});
