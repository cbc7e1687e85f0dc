import { DEADLINES, DEFAULT_DEADLINE, WAITS } from "../backend/call-limits.ts";
import { parseStartsAt } from "../backend/starts-at.ts";
import { parseMaxIntervals } from "../command/max-intervals.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import { type Location, parseLocation } from "../location/location.ts";
import type { Environment } from "../network/environment.ts";
import { parseElapsed, parseRetryInterval } from "../scheduler/elapsed-text.ts";
import { parseInstantOnly } from "../scheduler/instant-text.ts";
import { parseInterval, parseLength } from "../scheduler/interval-text.ts";
import { knownWord } from "../scheduler/known-word.ts";
import { itemsIn } from "../scheduler/list-text.ts";
import { ifGiven, withoutUndefined } from "../scheduler/optional-fields.ts";
import { CATCH_UPS, type CatchUp, type StartRequest } from "../scheduler/start-request.ts";
import type { LockKind } from "./holder.ts";
import { type Login, loadLogin } from "./login.ts";
import type { Toolkit } from "./toolkit.ts";

const JOB_STATUSES = ["success", "failure", "cancelled"] as const;
/** The status of the job that this step belongs to, as GitHub names it. */
export type GitHubJobStatus = (typeof JOB_STATUSES)[number];

const WHEN_NOT_STARTED = ["skip", "fail", "cancel"] as const;
export const WHEN_BEHIND = ["none", "dispatch"] as const;

/** The command that the main step itself runs, as the inputs have it. */
export interface CommandInputs {
  readonly run: string;
  readonly shell: string;
  readonly workingDirectory: string;
  /** The most intervals for which the command runs. */
  readonly maxIntervals: number;
}

/** The inputs of the main step, checked. The post step reads each input that it needs again, by a function of this file. */
export interface Inputs {
  readonly location: Location;
  readonly login: Login;
  /** In milliseconds. */
  readonly deadline: number;
  readonly request: StartRequest;
  /** Null without the input `run`: then the steps after this one do the work. */
  readonly command: CommandInputs | null;
  /** How long a refused start is repeated, in milliseconds. Null: it is not. */
  readonly wait: number | null;
  readonly whenNotStarted: (typeof WHEN_NOT_STARTED)[number];
  readonly whenBehind: (typeof WHEN_BEHIND)[number];
  readonly githubToken: string;
}

/** @throws ArgumentError for the first wrong input, before anything is sent. */
export function loadInputs(toolkit: Toolkit, env: Environment, kind: LockKind = "job"): Inputs {
  const optional = (name: string): string | undefined => toolkit.getInput(name) || undefined;

  const location = loadLocation(toolkit, env);
  const deadline = loadDeadline(toolkit, "start");
  const timezone = optional("timezone");
  loadBoolean(toolkit, "summary", true);
  const noLock = loadBoolean(toolkit, "no-lock", false);
  const request = {
    jobName: loadRequired(toolkit, "job-name"),
    jobInterval: parseInterval("job-interval", loadRequired(toolkit, "job-interval")),
    startBuffer: ifGiven(optional("start-buffer"), (text) => parseLength("start-buffer", text)),
    retryInterval: ifGiven(optional("retry-interval"), (text) => parseRetryInterval("retry-interval", text)),
    requiredJobNames: loadItems(toolkit, "required-job-names"),
    timezone,
    noLock,
    jobIntervalStartedAt: ifGiven(optional("job-interval-started-at"), (text) =>
      parseInstantOnly("job-interval-started-at", text),
    ),
    startsAt: ifGiven(optional("starts-at"), (text) =>
      parseStartsAt("starts-at", text, { timezone, location, timezoneName: "the input timezone" }),
    ),
    catchUp: ifGiven(optional("catch-up"), (text) => knownWord("catch-up", text, CATCH_UPS)),
  };
  if (kind === "job" && loadJobStatus(toolkit) === null) {
    throw new ArgumentError("not-allowed", {
      field: "job-status",
      value: toolkit.getInput("job-status"),
      problem: `is none of ${JOB_STATUSES.join(", ")}`,
      expected: "this input's default, which the runner sets",
    });
  }
  const inputs = {
    location,
    deadline,
    request: withoutUndefined(request),
    command: commandIn(toolkit, { noLock, kind }),
    wait: ifGiven(optional("wait"), (text) => parseElapsed("wait", text, WAITS)) ?? null,
    whenNotStarted: loadWord(toolkit, "not-started", WHEN_NOT_STARTED),
    whenBehind: loadWord(toolkit, "when-behind", WHEN_BEHIND),
    githubToken: loadGitHubToken(toolkit),
  };
  return { ...inputs, login: loadLogin(toolkit, location) };
}

/** @returns the input `github-token`, which the runner hides in the log from now on. Empty: there is none. */
export function loadGitHubToken(toolkit: Toolkit): string {
  const token = toolkit.getInput("github-token");
  if (token !== "") toolkit.setSecret(token);
  return token;
}

/** @throws ArgumentError */
export function loadLocation(toolkit: Toolkit, env: Environment): Location {
  const url = toolkit.getInput("url") || `git+${env.GITHUB_SERVER_URL ?? ""}/${env.GITHUB_REPOSITORY ?? ""}`;
  return parseLocation(url);
}

/**
 * @returns the time in which all requests of a start or an end must end, in milliseconds.
 * @throws ArgumentError
 */
export function loadDeadline(toolkit: Toolkit, purpose: keyof typeof DEFAULT_DEADLINE): number {
  const text = toolkit.getInput("deadline");
  if (text === "") return DEFAULT_DEADLINE[purpose];
  return parseElapsed("deadline", text, DEADLINES);
}

/** @returns null without the input `run`. */
function commandIn(
  toolkit: Toolkit,
  { noLock, kind }: { readonly noLock: boolean; readonly kind: LockKind },
): CommandInputs | null {
  const run = toolkit.getInput("run", { trimWhitespace: false });
  const [shell, workingDirectory] = [toolkit.getInput("shell"), toolkit.getInput("working-directory")];
  const maxIntervals = parseMaxIntervals("max-intervals", toolkit.getInput("max-intervals"));
  if (run.trim() !== "") {
    if (kind === "start") {
      throw new ArgumentError("not-allowed", {
        field: "run",
        value: run,
        problem: "is for a lock of one job, and this step takes one for several jobs",
        expected: "cronyx-action in place of cronyx-action/start, or steps of their own for the work",
      });
    }
    if (noLock && maxIntervals > 1) {
      throw conflict(
        "max-intervals",
        maxIntervals,
        "is more than 1, and without a lock each start gets the same interval",
      );
    }
    return { run, shell, workingDirectory, maxIntervals };
  }
  for (const [input, isSet] of [
    ["shell", shell !== ""],
    ["working-directory", workingDirectory !== ""],
    ["max-intervals", maxIntervals > 1],
  ] as const) {
    if (isSet) throw conflict(input, toolkit.getInput(input), "is for the command of the input run, which is not set");
  }
  return null;
}

function conflict(field: string, value: unknown, problem: string): ArgumentError {
  return new ArgumentError("conflict", { field, value, problem });
}

interface WholeNumber {
  readonly least: number;
  readonly most: number;
  /** The number where the input is left out. */
  readonly otherwise: number;
  /** What is wrong with any other text, as the end of a sentence. */
  readonly problem: string;
}

/** @throws ArgumentError */
export function loadWholeNumber(toolkit: Toolkit, input: string, { least, most, otherwise, problem }: WholeNumber) {
  const text = toolkit.getInput(input);
  if (text === "") return otherwise;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number >= least && number <= most) return number;
  throw new ArgumentError("out-of-range", {
    field: input,
    value: text,
    problem,
    expected: `a whole number from ${least} to ${most}`,
  });
}

/** @returns how the job catches up, for a message only: the next start decides by its own input. */
export function loadCatchUp(toolkit: Toolkit): CatchUp {
  const text = toolkit.getInput("catch-up");
  return CATCH_UPS.find((word) => word === text) ?? "each";
}

/** @returns the job's status so far, or null if it is unknown. The runner evaluates inputs again for the post step. */
export function loadJobStatus(toolkit: Toolkit): GitHubJobStatus | null {
  const text = toolkit.getInput("job-status");
  return JOB_STATUSES.find((status) => status === text) ?? null;
}

/** @throws ArgumentError where the input is left out. */
export function loadRequired(toolkit: Toolkit, input: string): string {
  const text = toolkit.getInput(input);
  if (text === "") throw new ArgumentError("missing", { field: input, problem: "is missing" });
  return text;
}

/** @throws ArgumentError */
export function loadBoolean(toolkit: Toolkit, input: string, otherwise: boolean): boolean {
  const text = toolkit.getInput(input);
  if (text === "") return otherwise;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  throw new ArgumentError("not-allowed", {
    field: input,
    value: text,
    problem: "is not a boolean",
    expected: "true or false",
  });
}

/**
 * @returns the first word where the input is left out.
 * @throws ArgumentError
 */
export function loadWord<Word extends string>(
  toolkit: Toolkit,
  input: string,
  words: readonly [Word, ...Word[]],
): Word {
  const text = toolkit.getInput(input);
  return text === "" ? words[0] : knownWord(input, text, words);
}

export function loadItems(toolkit: Toolkit, input: string): readonly string[] {
  return itemsIn(toolkit.getInput(input));
}
