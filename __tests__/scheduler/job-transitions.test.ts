import { describe, expect, test } from "@jest/globals";
import { MINUTE } from "../../src/scheduler/instant.ts";
import { abandon, finish, grantLock, interrupt } from "../../src/scheduler/job-transitions.ts";
import { renew, resume, skip } from "../../src/scheduler/rare-transitions.ts";
import { readState } from "../../src/scheduler/read-state-document.ts";
import { type EndedRun, isLockIdUsed, type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import {
  active,
  begun,
  grantOf,
  HOLDER,
  instant,
  interrupted,
  NOW,
  run,
  SCHEDULE,
  span,
  stateOf,
} from "../../testing/states/changed-states.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

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
