import { DEADLINES, WAITS } from "../backend/call-limits.ts";
import { parseStartsAt } from "../backend/starts-at.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { parseElapsed, parseRetryInterval, shortNumberProblem } from "../scheduler/elapsed-text.ts";
import { parseInstantOnly } from "../scheduler/instant-text.ts";
import { parseInterval, parseLength } from "../scheduler/interval-text.ts";
import { knownWord } from "../scheduler/known-word.ts";
import { ifGiven, withoutUndefined } from "../scheduler/optional-fields.ts";
import { CATCH_UPS, type StartRequest } from "../scheduler/start-request.ts";
import type { Arguments } from "./command-line.ts";

/** The flags of a start. */
export const START_FLAGS = {
  interval: { type: "string" },
  "start-buffer": { type: "string" },
  "retry-interval": { type: "string" },
  "required-job": { type: "string", multiple: true },
  timezone: { type: "string" },
  "starts-at": { type: "string" },
  "catch-up": { type: "string" },
  "no-lock": { type: "boolean", default: false },
  "job-interval-started-at": { type: "string" },
  wait: { type: "string" },
  deadline: { type: "string" },
} as const;

/** A start as the command line has it. */
export interface GivenStart {
  readonly request: StartRequest;
  /** How long a refused start is repeated, in milliseconds. Null: it is not. */
  readonly wait: number | null;
  /** The time for all requests of a start or an end, in milliseconds. Null: the default. */
  readonly deadline: number | null;
}

/** @throws ArgumentError for a flag that is wrong by itself. The backend checks the request as a whole. */
export function startIn({ job = "", flags, location }: Arguments<typeof START_FLAGS>): GivenStart {
  const { interval, timezone, wait, "required-job": requiredJobNames, "no-lock": noLock } = flags;
  if (interval === undefined) {
    throw new ArgumentError("missing", {
      field: "jobInterval",
      problem: "is missing",
      expected: 'a cron expression such as "0 * * * *", or a length of time such as "1 hour"',
    });
  }
  return {
    request: withoutUndefined({
      jobName: job,
      jobInterval: parseInterval("jobInterval", interval),
      startBuffer: ifGiven(flags["start-buffer"], (text) => parseLength("startBuffer", text)),
      retryInterval: ifGiven(flags["retry-interval"], (text) => parseRetryInterval("retryInterval", text)),
      requiredJobNames,
      timezone,
      startsAt: ifGiven(flags["starts-at"], (text) =>
        parseStartsAt("startsAt", text, { timezone, location, timezoneName: "--timezone" }),
      ),
      catchUp: ifGiven(flags["catch-up"], (text) => knownWord("catchUp", text, CATCH_UPS)),
      noLock,
      jobIntervalStartedAt: ifGiven(flags["job-interval-started-at"], (text) =>
        parseInstantOnly("jobIntervalStartedAt", text),
      ),
    }),
    wait: ifGiven(wait, (text) => parseElapsed("wait", text, WAITS)) ?? null,
    deadline: parseDeadline(flags.deadline),
  };
}

/** @returns warnings about numbers without a unit, which may be meant as seconds or minutes. */
export function shortNumberWarnings(flags: Arguments<typeof START_FLAGS>["flags"]): readonly string[] {
  return (["interval", "start-buffer"] as const).flatMap(
    (flag) => shortNumberProblem(`--${flag}`, flags[flag] ?? "") ?? [],
  );
}

/** @returns milliseconds, or null for the default. @throws ArgumentError */
export function parseDeadline(text: string | undefined): number | null {
  return ifGiven(text, (given) => parseElapsed("deadline", given, DEADLINES)) ?? null;
}
