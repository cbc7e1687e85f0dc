import { describe, expect, test } from "@jest/globals";
import { MINUTE } from "../../src/scheduler/instant.ts";
import { finish, grantLock } from "../../src/scheduler/job-transitions.ts";
import { renew, resume, skip } from "../../src/scheduler/rare-transitions.ts";
import { type EndedRun, type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import {
  active,
  begun,
  grantOf,
  HOLDER,
  instant,
  interrupted,
  NOW,
  run,
  span,
  stateOf,
} from "../../testing/states/changed-states.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

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
