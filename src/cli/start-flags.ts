import { DEADLINES, WAITS } from "../backend/call-limits.ts";
import { parseStartsAt } from "../backend/starts-at.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { parseElapsed, parseRetryInterval, shortNumberProblem } from "../scheduler/elapsed-text.ts";
import { parseInstantOnly } from "../scheduler/instant-text.ts";
import { parseInterval, parseLength } from "../scheduler/interval-text.ts";
import { knownWord } from "../scheduler/known-word.ts";
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
    request: {
      jobName: job,
      jobInterval: parseInterval("jobInterval", interval),
      ...given(flags["start-buffer"], (text) => ({ startBuffer: parseLength("startBuffer", text) })),
      ...given(flags["retry-interval"], (text) => ({ retryInterval: parseRetryInterval("retryInterval", text) })),
      ...(requiredJobNames !== undefined && { requiredJobNames }),
      ...(timezone !== undefined && { timezone }),
      ...given(flags["starts-at"], (text) => ({
        startsAt: parseStartsAt("startsAt", text, { timezone, location, timezoneName: "--timezone" }),
      })),
      ...given(flags["catch-up"], (text) => ({ catchUp: knownWord("catchUp", text, CATCH_UPS) })),
      ...(noLock && { noLock }),
      ...given(flags["job-interval-started-at"], (text) => ({
        jobIntervalStartedAt: parseInstantOnly("jobIntervalStartedAt", text),
      })),
    },
    wait: wait === undefined ? null : parseElapsed("wait", wait, WAITS),
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
  return text === undefined ? null : parseElapsed("deadline", text, DEADLINES);
}

function given<Fields extends object>(text: string | undefined, read: (text: string) => Fields): Fields | undefined {
  return text === undefined ? undefined : read(text);
}
