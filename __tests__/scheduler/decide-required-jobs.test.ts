import { describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { decideOn, held, heldFirst, instant, inWords, type Requested, until } from "../../testing/decisions/decided.ts";
import { at, job } from "../../testing/states/states-by-time-of-day.ts";

describe("required jobs", () => {
  const both: Requested = { requiredJobNames: ["before", "beside"] };
  test.each<[string, Record<string, JobState | null>, string]>([
    [
      "that have finished up to the interval's end allow the start",
      { before: until("11:00"), beside: until("11:00") },
      "10:00–11:00",
    ],
    ["that have finished further allow the start", { before: until("12:00"), beside: until("23:00") }, "10:00–11:00"],
    [
      "that have not finished that far refuse it",
      { before: until("10:59"), beside: until("11:00") },
      "before is at 10:59, not 11:00",
    ],
    [
      "refuse it if only one of them has not finished that far",
      { before: until("11:00"), beside: until("10:00") },
      "beside is at 10:00, not 11:00",
    ],
    ["that never started refuse it", { before: until("11:00"), beside: null }, "beside has finished nothing"],
    ["without a state refuse it", { before: until("11:00") }, "beside has finished nothing"],
    [
      "whose first run was interrupted refuse it",
      { before: job(), beside: until("11:00") },
      "before has finished nothing",
    ],
    [
      "with an active lock have finished up to its start",
      { before: held("11:00", "12:00"), beside: until("11:00") },
      "10:00–11:00",
    ],
    [
      "with an active lock have not finished up to its end",
      { before: held("10:00", "11:00"), beside: until("11:00") },
      "before is at 10:00, not 11:00",
    ],
    [
      "in their first run have finished nothing",
      { before: heldFirst("10:00", "11:00"), beside: until("11:00") },
      "before has finished nothing",
    ],
  ])("%s", async (_, required, outcome) => {
    expect(inWords(await decideOn(both, until("10:00"), instant("11:00"), required))).toBe(outcome);
  });

  test.each([
    ["a first interval ends where they have got to", {}, { before: "10:30", beside: "10:29" }, "10:00–10:29"],
    ["a first interval needs no start buffer", {}, { before: "10:00", beside: "10:00" }, "09:00–10:00"],
    [
      "a first interval ends at the horizon",
      { startBuffer: HOUR },
      { before: "10:00", beside: "10:00" },
      "09:00–09:30",
    ],
    [
      "a first interval from startsAt waits for them",
      { startsAt: instant("09:00") },
      { before: "10:00", beside: "09:30" },
      "beside is at 09:30, not 10:00",
    ],
  ])("%s", async (_, requested, progress, outcome) => {
    const required = { before: until(progress.before), beside: until(progress.beside) };
    expect(inWords(await decideOn({ ...both, ...requested }, null, instant("10:30"), required))).toBe(outcome);
  });

  test("are not the reason of the refusal while the interval isn't due, unless they have finished nothing", async () => {
    const required = { before: until("10:00"), beside: until("10:00") };
    expect(inWords(await decideOn(both, until("10:00"), instant("10:30"), required))).toBe("not due until 11:00");
    expect(inWords(await decideOn(both, until("10:00"), instant("10:30")))).toBe("before has finished nothing");
  });

  test("that require the job in turn are named as such", async () => {
    const schedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: ["report"] };
    const refusedBy = (before: JobState) =>
      decideOn({ requiredJobNames: ["before"] }, until("10:00"), instant("11:00"), { before });
    expect(await refusedBy(job({ finishedUntil: at("10:00"), schedule }))).toMatchObject({ mutual: true });
    expect(await refusedBy(job({ schedule }))).toMatchObject({ mutual: true, neededUntil: null });
    expect(await refusedBy(until("10:00"))).toMatchObject({ mutual: false });
  });
});
