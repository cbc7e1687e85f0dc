import { isDate } from "node:util/types";
import { ArgumentError } from "../scheduler/argument-error.ts";
import type { StartRequest } from "../scheduler/start-request.ts";
import { HOLDER_FIELDS } from "../scheduler/state-document.ts";
import type { CallOptions, CronyxClientOptions, JobStartOptions } from "./options.ts";

/** The longest that Node's timers take. */
const LONGEST_DEADLINE = 2 ** 31 - 1;

const CLIENT_OPTIONS: readonly (keyof CronyxClientOptions)[] = [
  "url",
  "credentials",
  "token",
  "timezone",
  "deadline",
  "holder",
  "log",
];

const START_OPTIONS: readonly (keyof JobStartOptions)[] = [
  "jobName",
  "jobInterval",
  "startBuffer",
  "retryInterval",
  "requiredJobNames",
  "timezone",
  "noLock",
  "jobIntervalStartedAt",
  "signal",
  "deadline",
];

// Callers in plain JavaScript have no compiler that would tell them.

/** @throws ArgumentError */
export function checkClientOptions(options: CronyxClientOptions): void {
  const { url, credentials, token, timezone, deadline, holder, log } = checkObject("The client's options", options);
  checkNames(options, CLIENT_OPTIONS);
  checkKind("url", url, "string", "an address such as git+https://HOST/PATH");
  for (const [name, value] of Object.entries({ token, timezone })) {
    if (value !== undefined) checkKind(name, value, "string", "a text", name === "token");
  }
  if (credentials !== undefined) {
    const { username, password } = checkObject("credentials", credentials);
    checkKind("credentials.username", username, "string", "a text", true);
    checkKind("credentials.password", password, "string", "a text", true);
    if (token !== undefined) {
      throw new ArgumentError("credentials and a token are both given, and only one can be sent: leave one out");
    }
    if (/^git\+/i.test(url)) {
      throw new ArgumentError("A repository has no use for credentials with a user name: give it a token instead");
    }
  }
  if (holder !== undefined) checkHolder(holder);
  if (log !== undefined) checkKind("log", log, "function", "a function that takes a line");
  checkCallOptions({ deadline });
}

/** @throws ArgumentError */
export function checkCallOptions(options: CallOptions): void {
  const { signal, deadline } = checkObject("The call's options", options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ArgumentError(`signal is ${shown(signal)}: give an AbortSignal`);
  }
  if (deadline !== undefined && !(Number.isInteger(deadline) && deadline > 0 && deadline <= LONGEST_DEADLINE)) {
    throw new ArgumentError(`deadline is ${shown(deadline)}: give whole milliseconds from 1 to ${LONGEST_DEADLINE}`);
  }
}

/**
 * @param timezone The client's own, if it has one.
 * @throws ArgumentError for what is of the wrong type. The backend checks the values.
 */
export function startRequestOf(options: JobStartOptions, timezone: string | undefined): StartRequest {
  const { requiredJobNames, jobIntervalStartedAt, ...given } = checkObject("The job's options", options);
  checkNames(options, START_OPTIONS);
  checkKind("jobName", given.jobName, "string", "a text");
  if (given.timezone !== undefined) checkKind("timezone", given.timezone, "string", "a text");
  if (given.noLock !== undefined) checkKind("noLock", given.noLock, "boolean", "true or false");
  if (requiredJobNames !== undefined && !isListOfTexts(requiredJobNames)) {
    throw new ArgumentError(`requiredJobNames is ${shown(requiredJobNames)}: give a list of job names`);
  }
  if (jobIntervalStartedAt !== undefined && !isDate(jobIntervalStartedAt)) {
    throw new ArgumentError(`jobIntervalStartedAt is ${shown(jobIntervalStartedAt)}: give a Date`);
  }
  const { jobName, jobInterval, startBuffer, retryInterval, noLock } = given;
  const zone = given.timezone ?? timezone;
  return {
    jobName,
    jobInterval,
    ...(startBuffer !== undefined && { startBuffer }),
    ...(retryInterval !== undefined && { retryInterval }),
    ...(requiredJobNames !== undefined && { requiredJobNames }),
    ...(zone !== undefined && { timezone: zone }),
    ...(noLock !== undefined && { noLock }),
    ...(jobIntervalStartedAt !== undefined && { jobIntervalStartedAt: jobIntervalStartedAt.getTime() }),
  };
}

/** What is written of a holder is read by everyone: a document with a bad one would be refused from then on. */
function checkHolder(holder: object): void {
  for (const [field, value] of Object.entries(checkObject("holder", holder))) {
    if (!HOLDER_FIELDS.some((known) => known === field)) {
      throw new ArgumentError(`holder.${field} is none of its fields: give ${HOLDER_FIELDS.join(", ")}`);
    }
    if (value === undefined) continue;
    checkKind(`holder.${field}`, value, "string", "a text");
    if (value === "") throw new ArgumentError(`holder.${field} is empty: give a text, or leave it out`);
  }
}

function checkObject<T extends object>(name: string, value: T): T {
  if (typeof value === "object" && value !== null) return value;
  throw new ArgumentError(`${name} is ${shown(value)}: give an object`);
}

/** An option whose name is mistyped would be missing without a word: a retry interval, for one, and nothing frees the lock. */
function checkNames(options: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    throw new ArgumentError(`${shown(name)} is no option here: give ${known.join(", ")} only`);
  }
}

function checkKind(name: string, value: unknown, kind: string, wanted: string, secret = false): void {
  if (typeof value !== kind)
    throw new ArgumentError(`${name} is ${secret ? typeof value : shown(value)}: give ${wanted}`);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "symbol") return String(value);
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
