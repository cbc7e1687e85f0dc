import { describe, expect, test } from "@jest/globals";
import { readState } from "../../src/scheduler/read-state-document.ts";
import { type EndedRun, endRun, grantLock, type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

const NOW = Date.parse(at("10:10"));
const run = (changed: Partial<EndedRun>) =>
  ended({
    id: "lock-1",
    intervalStartedAt: at("09:00"),
    intervalEndedAt: at("10:00"),
    runUrl: "https://github.example/runs/1",
    ...changed,
  });

test("the state of a new job is empty", () => {
  expect(newJobState("report")).toEqual({ v: 1, name: "report", finishedUntil: null, active: null, history: [] });
});

describe("grantLock", () => {
  test("makes the lock active, and changes nothing else", () => {
    const before = job({ finishedUntil: at("09:00"), history: [ended()] });
    expect(grantLock(before, lock("09:00", "10:00"))).toEqual({ ...before, active: lock("09:00", "10:00") });
  });

  test("takes over an active lock, whose run ends when the new lock is created", () => {
    const before = job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [ended()] });
    const takeover = lock("09:00", "10:00", { id: "lock-2", createdAt: at("10:30"), updatedAt: at("10:30") });
    expect(grantLock(before, takeover)).toEqual({
      ...before,
      active: takeover,
      history: [run({ outcome: "taken-over", endedAt: at("10:30") }), ended()],
    });
  });
});

describe("endRun", () => {
  const active = job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [ended()] });

  test("finished: the next interval starts where this one ended", () => {
    expect(endRun(active, "finished", NOW)).toEqual({
      ...active,
      finishedUntil: at("10:00"),
      active: null,
      history: [run({ outcome: "finished", endedAt: at("10:10") }), ended()],
    });
  });

  test("interrupted: the next interval starts where this one started", () => {
    expect(endRun(active, "interrupted", NOW)).toEqual({
      ...active,
      active: null,
      history: [run({ outcome: "interrupted", endedAt: at("10:10") }), ended()],
    });
  });

  test("interrupted in the first interval: the job has still finished nothing", () => {
    const first = job({ active: lock("09:00", "10:00") });
    expect(endRun(first, "interrupted", NOW)).toMatchObject({ finishedUntil: null, active: null });
  });

  test("changes nothing without an active lock", () => {
    const idle = job({ finishedUntil: at("09:00"), history: [ended()] });
    expect(endRun(idle, "finished", NOW)).toEqual(idle);
    expect(endRun(idle, "interrupted", NOW)).toEqual(idle);
  });

  test("records no link for a holder without one", () => {
    const nobody = job({ active: lock("09:00", "10:00", { holder: null }) });
    expect(endRun(nobody, "finished", NOW).history[0]?.runUrl).toBeNull();
    const unlinked = job({ active: lock("09:00", "10:00", { holder: { job: "run" } }) });
    expect(endRun(unlinked, "finished", NOW).history[0]?.runUrl).toBeNull();
  });
});

test("history has the last 20 runs, newest first", () => {
  let state = newJobState("report");
  for (let hour = 0; hour < 23; hour++) {
    const [from, to] = [hour, hour + 1].map((h) => `${String(h).padStart(2, "0")}:00`);
    state = endRun(grantLock(state, lock(`${from}`, `${to}`, { id: `lock-${hour}` })), "finished", NOW);
  }
  expect(state.history.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `lock-${22 - index}`));
  expect(state.finishedUntil).toBe(at("23:00"));
  const taken = grantLock(grantLock(state, lock("23:00", "23:30")), lock("23:00", "23:30", { id: "lock-2" }));
  expect(taken.history.length).toBe(20);
});

describe("unknown fields of a newer release are kept", () => {
  const later = { later: { than: ["this"] } };
  const history = [{ ...ended(), ...later }];
  const active = { ...lock("09:00", "10:00"), ...later, holder: { ...lock("09:00", "10:00").holder, ...later } };
  const state = { ...job({ finishedUntil: at("09:00"), active, history }), ...later };

  test("by readState, at every level", () => {
    expect(readState(structuredClone(state), "report")).toEqual(state);
  });

  test.each<[string, (state: JobState) => JobState]>([
    ["a takeover", (before) => grantLock(before, lock("09:00", "10:00", { id: "lock-2" }))],
    ["a finish", (before) => endRun(before, "finished", NOW)],
    ["an interrupt", (before) => endRun(before, "interrupted", NOW)],
  ])("by %s, in the document and in the runs that ended before", (_, change) => {
    const after = change(readState(structuredClone(state), "report"));
    expect(after).toMatchObject(later);
    expect(after.history.slice(1)).toEqual(history);
    expect(readState(JSON.parse(JSON.stringify(after)), "report")).toEqual(after);
  });
});
