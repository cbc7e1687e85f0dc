import { ArgumentError } from "../errors/argument-error.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { parseInstantOrDate } from "../scheduler/instant-text.ts";
import { parseInterval } from "../scheduler/interval-text.ts";
import type { JobInterval } from "../scheduler/schedule.ts";
import { zoneNamed } from "../scheduler/zone.ts";
import { loadBoolean, loadRequired, loadWholeNumber } from "./inputs.ts";
import type { Toolkit } from "./toolkit.ts";

/** The most jobs of one matrix. See https://docs.github.com/en/actions/reference/limits */
const MOST_IN_MATRIX = 256;
/** The most intervals of one range. Listing walks over each of them, which takes about a second. */
export const MOST_IN_RANGE = 100_000;

/** The inputs of `backfill/action.yml`, checked as far as that needs no schedule. */
export interface BackfillInputs {
  readonly from: Instant;
  readonly to: Instant;
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  /** How many intervals of the range come before the page. */
  readonly offset: number;
  /** The most intervals of the page. */
  readonly limit: number;
  /** Whether the newest interval comes first. */
  readonly isReverse: boolean;
  readonly hasSummary: boolean;
}

/** @throws ArgumentError for the first wrong input. */
export function loadBackfillInputs(toolkit: Toolkit, now: Instant): BackfillInputs {
  const jobInterval = parseInterval("job-interval", loadRequired(toolkit, "job-interval"));
  const timezone = toolkit.getInput("timezone") || "UTC";
  zoneNamed(timezone);
  const instant = (input: string) => parseInstantOrDate(input, loadRequired(toolkit, input), timezone);
  const range = { from: instant("from"), to: instant("to") };
  checkRange(range, { toolkit, now });
  const problem = "is not a number of intervals";
  return {
    ...range,
    jobInterval,
    timezone,
    offset: loadWholeNumber(toolkit, "offset", { least: 0, most: MOST_IN_RANGE, otherwise: 0, problem }),
    limit: loadWholeNumber(toolkit, "limit", { least: 1, most: MOST_IN_MATRIX, otherwise: MOST_IN_MATRIX, problem }),
    isReverse: loadBoolean(toolkit, "reverse", false),
    hasSummary: loadBoolean(toolkit, "summary", true),
  };
}

function checkRange(
  { from, to }: { readonly from: Instant; readonly to: Instant },
  { toolkit, now }: { readonly toolkit: Toolkit; readonly now: Instant },
): void {
  const refuse = (problem: string, expected: string) =>
    new ArgumentError("out-of-range", { field: "to", value: toolkit.getInput("to"), problem, expected });
  if (to === from) throw refuse("is where the range starts, so the range is empty", "an instant or a date after from");
  if (to < from) {
    throw refuse(`is before from, ${toIso(from)}`, "an instant or a date after from, or exchange the two");
  }
  if (to > now) {
    throw refuse("is in the future, and an interval there has not ended", `an instant up to now, ${toIso(now)}`);
  }
}
