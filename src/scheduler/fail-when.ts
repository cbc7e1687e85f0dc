import { ArgumentError } from "../errors/argument-error.ts";
import { type Delay, delayOf } from "./delay.ts";
import type { Instant } from "./instant.ts";
import { parseLength } from "./interval-text.ts";
import { latenessOf } from "./late-text.ts";
import type { JobStatus } from "./what-comes-next.ts";

/** When a watcher of jobs fails. `disabled` is about workflows, and no job meets it. */
export type FailRule =
  | { readonly kind: "overdue" | "failing" | "disabled"; readonly text: string }
  | { readonly kind: "held"; readonly text: string; readonly longerThan: Delay };

const FIELD = "failWhen";
const JOB_WORDS = ["overdue", "failing"] as const;

/**
 * Parses rules such as `overdue`, `failing` and `held: 2 hours`.
 *
 * @param words The words that this front end takes besides the two about jobs.
 * @throws ArgumentError
 */
export async function parseFailRules(
  texts: readonly string[],
  words: readonly "disabled"[] = [],
): Promise<readonly FailRule[]> {
  const rules: FailRule[] = [];
  for (const text of new Set(texts)) {
    const kind = [...JOB_WORDS, ...words].find((word) => word === text);
    const [, length] = /^held\s*:\s*(.+)$/s.exec(text) ?? [];
    if (kind !== undefined) rules.push({ kind, text });
    else if (length !== undefined) rules.push(await heldRule(length));
    else {
      throw new ArgumentError("unknown-word", {
        field: FIELD,
        value: text,
        problem: "is not a rule that it takes",
        expected: `${[...JOB_WORDS, ...words].join(", ")}, or held with a length, such as held: 2 hours`,
      });
    }
  }
  return rules;
}

async function heldRule(text: string): Promise<FailRule> {
  const length = parseLength(FIELD, text);
  if (typeof length === "number" && /^[+\d.]+$/.test(text)) {
    throw new ArgumentError("invalid-interval", {
      field: FIELD,
      value: `held: ${text}`,
      problem: "has no unit",
      expected: `a length with a unit, such as held: ${text} minutes`,
    });
  }
  // A watcher has no time zone of its own. In UTC each day has 24 hours.
  return { kind: "held", text: `held: ${text}`, longerThan: await delayOf(FIELD, length, "UTC") };
}

/** The jobs that meet one rule. */
export interface MetRule {
  readonly rule: FailRule;
  /** Jobs that are overdue or held for a long time are sorted by that time, the longest first. */
  readonly names: readonly string[];
}

/** The jobs that a front end looks at. */
export interface WatchedJobs {
  readonly jobs: readonly JobStatus[];
  /** The names of the jobs whose state documents are damaged. A damaged job counts as failing. */
  readonly damaged: readonly string[];
}

/** @returns the rules that at least one job meets. */
export function metRules(rules: readonly FailRule[], watched: WatchedJobs, now: Instant): readonly MetRule[] {
  return rules
    .map((rule) => ({ rule, names: namesMeeting(rule, watched, now) }))
    .filter(({ names }) => names.length > 0);
}

function namesMeeting(rule: FailRule, watched: WatchedJobs, now: Instant): readonly string[] {
  switch (rule.kind) {
    case "overdue":
      return overdueNames(watched, now);
    case "failing":
      return failingNames(watched);
    case "held":
      return heldNames(watched, rule.longerThan, now);
    case "disabled":
      return [];
  }
}

export function overdueNames({ jobs }: WatchedJobs, now: Instant): readonly string[] {
  return namesOf(
    jobs.filter(({ next }) => next.overdue === true),
    ({ next }) => latenessOf(next, now) ?? 0,
  );
}

/** @returns the same jobs as {@link overdueNames}, with the one first that has the most intervals to do. */
export function behindNames({ jobs }: WatchedJobs): readonly string[] {
  return namesOf(
    jobs.filter(({ next }) => (next.behind ?? 0) > 0),
    ({ next }) => next.behind ?? 0,
  );
}

export function failingNames({ jobs, damaged }: WatchedJobs): readonly string[] {
  return [...damaged, ...jobs.filter(({ next }) => next.failing).map(({ state }) => state.name)];
}

/** @returns the jobs whose active lock was taken at least this long ago. */
export function heldNames({ jobs }: WatchedJobs, longerThan: Delay, now: Instant): readonly string[] {
  const latest = longerThan.before(now);
  const since = ({ state }: JobStatus) => (state.active === null ? null : Date.parse(state.active.createdAt));
  return namesOf(
    jobs.filter((job) => (since(job) ?? Number.POSITIVE_INFINITY) <= latest),
    (job) => now - (since(job) ?? now),
  );
}

function namesOf(jobs: readonly JobStatus[], amount: (job: JobStatus) => number): readonly string[] {
  return jobs.toSorted((a, b) => amount(b) - amount(a)).map(({ state }) => state.name);
}
