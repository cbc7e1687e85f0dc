import { oneLine } from "../backend/one-line.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { shortNumberProblem } from "../scheduler/elapsed-text.ts";
import { toIso } from "../scheduler/instant.ts";
import { scheduleOf } from "../scheduler/schedule-of.ts";
import { firstStartFrom, wholeIntervals } from "../scheduler/whole-intervals.ts";
import { type BackfillInputs, loadBackfillInputs, MOST_IN_RANGE } from "./backfill-inputs.ts";
import { matrixOf, type Page, pageOf } from "./backfill-page.ts";
import { appendSummary } from "./summary/append-summary.ts";
import { backfillSummary } from "./summary/backfill-summary.ts";
import type { Surroundings, Toolkit } from "./toolkit.ts";

/** The step of `backfill/action.yml`: lists the whole intervals of a range for a matrix. It sends no request. */
export async function listIntervals(surroundings: Surroundings): Promise<null> {
  const { toolkit } = surroundings;
  const inputs = loadBackfillInputs(toolkit, surroundings.now());
  const warning = shortNumberProblem("job-interval", toolkit.getInput("job-interval"));
  if (warning !== null) toolkit.warning(warning);
  const { page, notices } = await listPage(inputs, toolkit);
  toolkit.setOutput("matrix", matrixOf(page));
  toolkit.setOutput("count", String(page.intervals.length));
  toolkit.setOutput("intervals", String(page.total));
  toolkit.setOutput("next-offset", String(page.nextOffset ?? ""));
  for (const line of notices) toolkit.notice(oneLine(line));
  toolkit.info(logLine(page));
  if (inputs.hasSummary) await appendSummary(() => backfillSummary({ inputs, page }), surroundings);
  return null;
}

/** @throws ArgumentError for a schedule that cannot be, a range with too many intervals, and an offset beyond the range. */
async function listPage(inputs: BackfillInputs, toolkit: Toolkit) {
  const { from, to, jobInterval, timezone, offset } = inputs;
  const range = { jobInterval, schedule: await scheduleOf(jobInterval, timezone), from, to };
  const intervals = wholeIntervals({ ...range, most: MOST_IN_RANGE });
  if (intervals === null) {
    throw new ArgumentError("out-of-range", {
      field: "to",
      value: toolkit.getInput("to"),
      problem: `is more than ${MOST_IN_RANGE} intervals of job-interval ${shownValue(toolkit.getInput("job-interval"))} after from`,
      expected: "an earlier to, a later from, or a longer job-interval",
    });
  }
  const total = intervals.length;
  if (offset > total) {
    throw new ArgumentError("out-of-range", {
      field: "offset",
      value: offset,
      problem: `is beyond the range, which has ${countOf(total)}`,
      expected: `a whole number from 0 to ${total}`,
    });
  }
  return { page: pageOf(intervals, inputs), notices: noticesOf(inputs, { firstStart: firstStartFrom(range), total }) };
}

function noticesOf(
  { from, to, jobInterval }: BackfillInputs,
  { firstStart, total }: { readonly firstStart: number; readonly total: number },
): readonly string[] {
  const notices: string[] = [];
  if (firstStart !== from) {
    notices.push(
      `from ${toIso(from)} is no boundary of job-interval ${shownValue(jobInterval)}: the first whole interval starts at ${toIso(firstStart)}`,
    );
  }
  if (total === 0) {
    notices.push(
      `No whole interval lies between from ${toIso(from)} and to ${toIso(to)}, so count is 0: GitHub refuses a matrix without jobs`,
    );
  }
  return notices;
}

function logLine({ intervals, offset, total, nextOffset }: Page): string {
  const [first, last] = [intervals[0], intervals.at(-1)];
  if (first === undefined || last === undefined) return `Listed 0 of ${countOf(total)}`;
  const [oldest, newest] = first.start <= last.start ? [first, last] : [last, first];
  const listed = `Listed ${intervals.length} of ${countOf(total)}, ${toIso(oldest.start)} to ${toIso(newest.end)}`;
  const place = offset === 0 ? "" : `, from offset ${offset} on`;
  return `${listed}${place}${nextOffset === null ? "" : `: go on with offset ${nextOffset}`}`;
}

function countOf(intervals: number): string {
  return intervals === 1 ? "1 interval" : `${intervals} intervals`;
}
