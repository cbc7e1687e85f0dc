import { ArgumentError } from "../errors/argument-error.ts";
import { type Location, parseLocation } from "../location/location.ts";
import { elapsedIn } from "../scheduler/duration.ts";
import { type Instant, parseInstant } from "../scheduler/instant.ts";
import { isDate, parseInstantOrDate, utcForm } from "../scheduler/instant-text.ts";
import { parseInterval, parseWait } from "../scheduler/interval-text.ts";
import { CATCH_UPS, type CatchUp, type StartRequest } from "../scheduler/start-request.ts";
import { type Login, loadLogin } from "./login.ts";
import type { Environment, Toolkit } from "./toolkit.ts";

const JOB_STATUSES = ["success", "failure", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** How long a step sends requests without the input `deadline`, in milliseconds. A lost end makes an interval run again. */
const DEFAULT_DEADLINE = { main: 60_000, post: 10 * 60_000 } as const;
/** In milliseconds. Stores remember the ids of ended locks for an hour, and no start may be repeated after that. */
const LONGEST_DEADLINE = 30 * 60_000;

/** The inputs of the main step, checked. The post step reads each input that it needs again, by a function of this file. */
export interface Inputs {
  readonly location: Location;
  readonly login: Login;
  /** In milliseconds. */
  readonly deadline: number;
  readonly request: StartRequest;
}

/** @throws ArgumentError for the first wrong input, before anything is sent. */
export function loadInputs(toolkit: Toolkit, env: Environment): Inputs {
  const optional = (name: string): string | undefined => toolkit.getInput(name) || undefined;
  const required = (name: string): string => {
    const value = optional(name);
    if (value === undefined) throw new ArgumentError("missing", { field: name, problem: "is missing" });
    return value;
  };
  const wait = (name: string) => {
    const text = optional(name);
    return text === undefined ? undefined : parseWait(name, text);
  };

  const location = loadLocation(toolkit, env);
  const deadline = loadDeadline(toolkit, "main");
  const startedAt = optional("job-interval-started-at");
  const startsAt = optional("starts-at");
  const timezone = optional("timezone");
  const request = {
    jobName: required("job-name"),
    jobInterval: parseInterval("job-interval", required("job-interval")),
    startBuffer: wait("start-buffer"),
    retryInterval: wait("retry-interval"),
    requiredJobNames: (optional("required-job-names") ?? "")
      .split(/[\n,]/)
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    timezone,
    noLock: booleanIn("no-lock", optional("no-lock") ?? "false"),
    jobIntervalStartedAt: startedAt === undefined ? undefined : instantIn("job-interval-started-at", startedAt),
    startsAt: startsAt === undefined ? undefined : startsAtIn(startsAt, { timezone, location }),
    catchUp: catchUpIn(optional("catch-up")),
  };
  if (loadJobStatus(toolkit) === null) {
    throw new ArgumentError("not-allowed", {
      field: "job-status",
      value: toolkit.getInput("job-status"),
      problem: `is none of ${JOB_STATUSES.join(", ")}`,
      expected: "this input's default, which the runner sets",
    });
  }
  return { location, login: loadLogin(toolkit, location), deadline, request: withoutUndefined(request) };
}

/** @throws ArgumentError */
export function loadLocation(toolkit: Toolkit, env: Environment): Location {
  const url = toolkit.getInput("url") || `git+${env.GITHUB_SERVER_URL ?? ""}/${env.GITHUB_REPOSITORY ?? ""}`;
  return parseLocation(url);
}

/**
 * @returns the time in which all requests of a step must end, in milliseconds.
 * @throws ArgumentError
 */
export function loadDeadline(toolkit: Toolkit, step: keyof typeof DEFAULT_DEADLINE): number {
  const text = toolkit.getInput("deadline");
  if (text === "") return DEFAULT_DEADLINE[step];
  const ms = elapsedIn(parseWait("deadline", text));
  if (ms !== null && ms >= 1000 && ms <= LONGEST_DEADLINE) return ms;
  throw new ArgumentError("out-of-range", {
    field: "deadline",
    value: text,
    problem: ms === null ? "has a unit that differs in length" : "is out of range",
    expected: "1 second to 30 minutes",
  });
}

/** @returns the job's status so far, or null if it is unknown. The runner evaluates inputs again for the post step. */
export function loadJobStatus(toolkit: Toolkit): JobStatus | null {
  const text = toolkit.getInput("job-status");
  return JOB_STATUSES.find((status) => status === text) ?? null;
}

function booleanIn(input: string, text: string): boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  throw new ArgumentError("not-allowed", {
    field: input,
    value: text,
    problem: "is not a boolean",
    expected: "true or false",
  });
}

function instantIn(input: string, text: string): Instant {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new ArgumentError("invalid-instant", {
    field: input,
    value: text,
    problem: "is not an instant",
    expected: utcForm(text) ?? "an ISO 8601 instant such as 2026-11-24T00:00:00Z or 2026-11-24T09:00:00+09:00",
  });
}

function startsAtIn(
  text: string,
  { timezone, location }: { readonly timezone: string | undefined; readonly location: Location },
): Instant {
  // The server has a time zone of its own for starts without one, which this step does not know.
  if (timezone === undefined && location.kind === "server" && isDate(text)) {
    throw new ArgumentError("invalid-instant", {
      field: "starts-at",
      value: text,
      problem: "is a date, and without the input timezone only the server knows in which time zone",
      expected: "an instant such as 2026-11-24T00:00:00Z, or set the input timezone",
    });
  }
  return parseInstantOrDate("starts-at", text, timezone ?? "UTC");
}

function catchUpIn(text: string | undefined): CatchUp | undefined {
  const catchUp = CATCH_UPS.find((word) => word === text);
  if (catchUp !== undefined || text === undefined) return catchUp;
  throw new ArgumentError("unknown-word", {
    field: "catch-up",
    value: text,
    problem: "is not a way to catch up",
    expected: `one of ${CATCH_UPS.join(", ")}`,
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
