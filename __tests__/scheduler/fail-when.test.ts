import { describe, expect, test } from "@jest/globals";
import { commandMessage } from "../../src/cli/remedies.ts";
import {
  behindNames,
  failingNames,
  heldNames,
  metRules,
  overdueNames,
  parseFailRules,
} from "../../src/scheduler/fail-when.ts";
import { HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { conditionOfJob } from "../../src/scheduler/job-condition.ts";
import { lateText } from "../../src/scheduler/late-text.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { type JobStatus, whatComesNext } from "../../src/scheduler/what-comes-next.ts";
import { HOURLY, lock, NOON, run, state } from "../../testing/states/states-by-instant.ts";

const refusal = (text: string, words: readonly "disabled"[] = []) =>
  parseFailRules([text], words).then(() => null, commandMessage);

async function watched(job: JobState, now = NOON): Promise<JobStatus> {
  return { state: job, next: await whatComesNext({ state: job, required: new Map(), now }) };
}
const hoursAgo = (hours: number) => toIso(NOON - hours * HOUR);

describe("the rules", () => {
  test("are overdue, failing, and held with a length", async () => {
    const rules = await parseFailRules(["overdue", "failing", "held: 2 hours", "held:PT90M", "overdue"]);
    expect(rules.map(({ kind, text }) => [kind, text])).toEqual([
      ["overdue", "overdue"],
      ["failing", "failing"],
      ["held", "held: 2 hours"],
      ["held", "held: PT90M"],
    ]);
    expect(rules.flatMap((rule) => (rule.kind === "held" ? [NOON - rule.longerThan.before(NOON)] : []))).toEqual([
      2 * HOUR,
      90 * MINUTE,
    ]);
  });

  test("a day and a month are those of the calendar in UTC", async () => {
    const [day, month] = await parseFailRules(["held: 1 day", "held: 1 month"]);
    if (day?.kind !== "held" || month?.kind !== "held") throw new Error("no rules");
    expect(toIso(day.longerThan.before(NOON))).toBe("2026-11-23T12:00:00.000Z");
    expect(toIso(month.longerThan.before(NOON))).toBe("2026-10-24T12:00:00.000Z");
  });

  test.each([
    ["late", '--fail-when "late" is not a rule that it takes: pass overdue, failing, or held with a length, such as'],
    ["Overdue", '--fail-when "Overdue" is not a rule'],
    ["held", '--fail-when "held" is not a rule'],
    ["held: often", '--fail-when "often" is not a length of time'],
    ["held: -5 minutes", "--fail-when"],
    ["held: 90", '--fail-when "held: 90" has no unit: pass a length with a unit, such as held: 90 minutes'],
    ["disabled", '--fail-when "disabled" is not a rule'],
  ])("%s is refused", async (text, says) => {
    expect(await refusal(text)).toContain(says);
  });

  test("disabled is a rule only for a caller that knows it", async () => {
    expect(await parseFailRules(["disabled"], ["disabled"])).toEqual([{ kind: "disabled", text: "disabled" }]);
    expect(await refusal("late", ["disabled"])).toContain("pass overdue, failing, disabled, or held with a length");
  });
});

describe("the jobs that meet a rule", () => {
  test("overdue: the latest first; behind: the most intervals first", async () => {
    const daily = { ...HOURLY, jobInterval: 24 * HOUR };
    const jobs = await Promise.all([
      watched(state("an hour late", { finishedUntil: hoursAgo(2), schedule: HOURLY })),
      watched(state("due", { finishedUntil: hoursAgo(1), schedule: HOURLY })),
      watched(state("three hours late", { finishedUntil: hoursAgo(4), schedule: HOURLY })),
      watched(state("a day late", { finishedUntil: hoursAgo(48), schedule: daily })),
      watched(state("unknown")),
    ]);
    const all = { jobs, damaged: ["broken"] };
    expect(overdueNames(all, NOON)).toEqual(["a day late", "three hours late", "an hour late"]);
    expect(behindNames(all)).toEqual(["three hours late", "an hour late", "a day late"]);
  });

  test("failing: the newest run was interrupted or taken over, or the document is damaged", async () => {
    const jobs = await Promise.all([
      watched(state("interrupted", { history: [run(NOON, { outcome: "interrupted" })] })),
      watched(state("recovered", { history: [run(NOON), run(NOON, { outcome: "interrupted" })] })),
      watched(state("taken over", { history: [run(NOON, { outcome: "taken-over" })], active: lock(NOON) })),
    ]);
    expect(failingNames({ jobs, damaged: ["broken"] })).toEqual(["broken", "interrupted", "taken over"]);
  });

  test("held: the lock was taken at least that long ago, however often it was renewed", async () => {
    const renewed = { updatedAt: toIso(NOON) };
    const jobs = await Promise.all([
      watched(state("2 hours", { active: lock(NOON - 2 * HOUR, HOUR, renewed) })),
      watched(state("a moment less", { active: lock(NOON - 2 * HOUR + 1) })),
      watched(state("3 hours", { active: lock(NOON - 3 * HOUR) })),
      watched(state("free")),
    ]);
    const [rule] = await parseFailRules(["held: 2 hours"]);
    if (rule?.kind !== "held") throw new Error("no rule");
    expect(heldNames({ jobs, damaged: [] }, rule.longerThan, NOON)).toEqual(["3 hours", "2 hours"]);
  });

  test("only the rules that a job meets are listed, in their order", async () => {
    const jobs = [await watched(state("stuck", { active: lock(NOON - 3 * HOUR) }))];
    const rules = await parseFailRules(["disabled", "failing", "overdue", "held: 1 hour"], ["disabled"]);
    const met = metRules(rules, { jobs, damaged: ["broken"] }, NOON);
    expect(met.map(({ rule, names }) => [rule.text, names])).toEqual([
      ["failing", ["broken"]],
      ["held: 1 hour", ["stuck"]],
    ]);
  });
});

describe("the condition of a job", () => {
  const interrupted = { history: [run(NOON, { outcome: "interrupted" })] } as const;
  const late = { finishedUntil: hoursAgo(4), schedule: HOURLY };
  const waiting = { finishedUntil: hoursAgo(1), schedule: { ...HOURLY, requiredJobNames: ["orders"] } };
  test.each<[string, Partial<JobState>]>([
    ["failing", { ...late, ...interrupted, active: lock(NOON) }],
    ["overdue", { ...late, active: lock(NOON) }],
    ["running", { ...waiting, active: lock(NOON) }],
    ["waiting", waiting],
    ["free", { finishedUntil: hoursAgo(1), schedule: HOURLY }],
    ["free", {}],
  ])("is %s", async (condition, more) => {
    expect(conditionOfJob(await watched(state("report", more)))).toBe(condition);
  });
});

describe("how late a job is", () => {
  test.each([
    [null, null, ""],
    [NOON + 1, 0, ""],
    [NOON, 0, ""],
    [NOON - 12 * MINUTE, 0, "12 min late"],
    [NOON - 2 * HOUR, 1, "2 h late, 1 interval behind"],
    [NOON - 3 * HOUR - MINUTE, 2, "3 h 1 min late, 2 intervals behind"],
    [NOON - 5000 * HOUR, 1000, "208 d late, at least 1000 intervals behind"],
  ])("due at %p with %p further intervals: %p", (dueAt, behind, text) => {
    expect(lateText({ dueAt, behind }, NOON)).toBe(text);
  });
});
