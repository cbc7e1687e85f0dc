import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { listIntervals } from "../../src/action/list-intervals.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { type Instant, toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";
import { anyInterval, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const DEADLINE = deadlineIn(60_000);

interface Range {
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  readonly from: Instant;
  readonly to: Instant;
}

interface Drawn extends Omit<Range, "to"> {
  /** How many intervals the range has, counted from its start. */
  readonly whole: number;
  /** The part of the interval after these that is in the range too. */
  readonly rest: number;
}

const anyRange: fc.Arbitrary<Drawn> = fc
  .record({
    place: zoneAndInstant,
    jobInterval: anyInterval,
    whole: fc.nat(25),
    rest: fc.oneof(fc.constantFrom(0, 0.999_999), fc.double({ min: 0, max: 0.999_999, noNaN: true })),
  })
  .map(({ place: { zone, instant }, ...more }) => ({ ...more, timezone: zone, from: instant }));

async function rangeOf({ jobInterval, timezone, from, whole, rest }: Drawn): Promise<Range> {
  const { next } = await scheduleOf(jobInterval, timezone);
  let end = from;
  for (let count = 0; count < whole; count++) end = next(end);
  const to = end + Math.floor(rest * (next(end) - end));
  // An empty range is refused.
  return { jobInterval, timezone, from, to: Math.max(to, from + 1) };
}

const textOf = (jobInterval: JobInterval) =>
  typeof jobInterval === "object" ? JSON.stringify(jobInterval) : String(jobInterval);

async function listed({ jobInterval, timezone, from, to }: Range, inputs: Record<string, string> = {}) {
  const { toolkit, outputs, errors } = toolkitWith({
    from: toIso(from),
    to: toIso(to),
    "job-interval": textOf(jobInterval),
    timezone,
    ...inputs,
  });
  await listIntervals({ ...surroundingsOf(toolkit, 1000), now: () => to });
  expect(errors).toEqual([]);
  const { include } = JSON.parse(outputs.matrix ?? "") as { include: Record<string, string>[] };
  return {
    intervals: include.map((entry) => [entry["job-interval-started-at"] ?? "", entry["job-interval-ended-at"] ?? ""]),
    outputs,
  };
}

/** Starts and finishes a job at the range's end until nothing more is due. */
async function granted({ jobInterval, timezone, to }: Range, startsAt: Instant): Promise<string[][]> {
  const backend = new LocalBackend({ store: new MemoryStore(), now: () => to, log: () => {} });
  const intervals: string[][] = [];
  for (;;) {
    const claim = { lockId: `lock-${intervals.length}`, holder: null, idempotencyKey: "" };
    const answer = await backend.start({ jobName: "report", jobInterval, timezone, startsAt }, claim, DEADLINE);
    if (!answer.started || answer.lock === null) return intervals;
    intervals.push([toIso(answer.intervalStartedAt), toIso(answer.intervalEndedAt)]);
    await backend.finish(answer.lock, DEADLINE);
  }
}

test("the listed intervals are those that a job is granted whose first interval starts where the first of them does", async () => {
  const counts = { ranges: 0, intervals: 0, cron: 0, cut: 0 };
  await fc.assert(
    fc.asyncProperty(anyRange, async (drawn) => {
      const range = await rangeOf(drawn);
      const { intervals } = await listed(range);
      const first = intervals[0]?.[0];
      expect(intervals).toEqual(first === undefined ? [] : await granted(range, Date.parse(first)));

      const { from } = range;
      if (typeof range.jobInterval !== "string") expect(await granted(range, from)).toEqual(intervals);
      counts.ranges++;
      counts.intervals += intervals.length;
      if (typeof range.jobInterval === "string" && intervals.length > 0) counts.cron++;
      if (first !== undefined && first !== toIso(from)) counts.cut++;
    }),
    { numRuns: 250 },
  );
  // The property says little unless each of these happens.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(10);
});

/** Clocks are set back by two hours there, so that a repeated hour has several matches. */
const TWO_HOURS_BACK = {
  jobInterval: "*/20 1-2 * * *",
  whole: 3,
  rest: 0,
  timezone: "Antarctica/Troll",
  from: Date.parse("2035-10-28T01:00:00Z"),
};

test("a job that began long before is granted the same intervals, where clocks repeat no match", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(anyRange, async (drawn) => {
      const range = await rangeOf(drawn);
      if (typeof range.jobInterval !== "string") return;
      const schedule = await scheduleOf(range.jobInterval, range.timezone);
      const earlier = schedule.previous(schedule.previous(schedule.previous(range.from)));
      const { intervals } = await listed(range);
      const inRange = (await granted(range, earlier)).filter(([start = ""]) => start >= toIso(range.from));
      // From between the matches that clocks repeat, only a job that starts there gets those of the second pass.
      const ofSecondPass = intervals.slice(0, Math.max(0, intervals.length - inRange.length));
      for (const [start = ""] of ofSecondPass) expect(isRepeated(start, range.timezone)).toBe(true);
      expect(intervals.slice(ofSecondPass.length)).toEqual(inRange);
      if (intervals.length > 0) compared++;
    }),
    { numRuns: 250, examples: [[TWO_HOURS_BACK]] },
  );
  expect(compared).toBeGreaterThan(10);
});

/** Whether the wall clock showed the same time before. */
function isRepeated(instant: string, timezone: string): boolean {
  const format = new Intl.DateTimeFormat("en", { timeZone: timezone, dateStyle: "short", timeStyle: "long" });
  const clock = (at: Instant) => format.format(at).replace(/ [A-Z]\S*$/, "");
  const at = Date.parse(instant);
  return [1, 2, 3, 4, 5, 6].some((halfHours) => clock(at - halfHours * 30 * 60_000) === clock(at));
}

test("the pages have all intervals of the range, each once, oldest first or newest first", async () => {
  await fc.assert(
    fc.asyncProperty(anyRange, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (drawn, limit, isReverse) => {
      const range = await rangeOf(drawn);
      const all = (await listed(range)).intervals;
      const paged: string[][] = [];
      let offset = "0";
      do {
        const page = await listed(range, { offset, limit: String(limit), reverse: String(isReverse) });
        expect(page.outputs).toMatchObject({ count: String(page.intervals.length), intervals: String(all.length) });
        expect(page.intervals.length).toBeLessThanOrEqual(limit);
        paged.push(...page.intervals);
        offset = page.outputs["next-offset"] ?? "";
      } while (offset !== "");
      expect(paged).toEqual(isReverse ? all.toReversed() : all);
    }),
    { numRuns: 100 },
  );
});
