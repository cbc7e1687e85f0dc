import { isDate } from "node:util/types";
import { type HandedLock, readGrantedLock } from "../backend/handed-lock.ts";
import { ArgumentError } from "../errors/argument-error.ts";
import type { Location } from "../location/location.ts";
import { LONGEST_TIMER } from "../network/deadline.ts";
import { type Instant, isInstant } from "../scheduler/instant.ts";
import { jobIntervalOf, lengthOf } from "../scheduler/interval-text.ts";
import { ifGiven, withoutUndefined } from "../scheduler/optional-fields.ts";
import type { StartRequest, TakeOver } from "../scheduler/start-request.ts";
import { HOLDER_FIELDS } from "../scheduler/state-document.ts";
import { zoneNamed } from "../scheduler/zone.ts";
import type { CallOptions, CronyxClientOptions, JobStartOptions } from "./options.ts";

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
  "startsAt",
  "catchUp",
  "takeOver",
  "signal",
  "deadline",
];

// These functions check types too: callers in plain JavaScript have no compiler.

/** @throws ArgumentError */
export function checkClientOptions(options: CronyxClientOptions): void {
  const { url, credentials, token, timezone, deadline, holder, log } = checkObject("options", options);
  checkNames(options, CLIENT_OPTIONS);
  checkType("url", url, "string");
  if (token !== undefined) checkType("token", token, "string", { isSecret: true });
  if (timezone !== undefined) {
    checkType("timezone", timezone, "string");
    zoneNamed(timezone);
  }
  if (credentials !== undefined) {
    const { username, password } = checkObject("credentials", credentials);
    checkType("credentials.username", username, "string", { isSecret: true });
    checkType("credentials.password", password, "string", { isSecret: true });
    if (token !== undefined) {
      throw new ArgumentError("conflict", {
        field: "credentials and token",
        problem: "are both set, and only one can be sent",
        expected: "only one of them",
      });
    }
  }
  if (holder !== undefined) checkHolder(holder);
  if (log !== undefined) checkType("log", log, "function");
  checkCallOptions({ deadline });
}

/** @throws ArgumentError for credentials that this kind of location does not take. */
export function checkCredentialsFor(location: Location, { credentials }: CronyxClientOptions): void {
  if (location.kind !== "repository" || location.transport.startsWith("http") || credentials === undefined) return;
  throw new ArgumentError("login-of-other-location", {
    field: "credentials",
    problem: "are for a CronyxServer or a git+https: url",
    expected: location.transport === "ssh" ? "a git+https: url, or an ssh key" : "no login for git+file:",
  });
}

/** @throws ArgumentError */
export function checkCallOptions(options: CallOptions): void {
  const { signal, deadline } = checkObject("options", options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType("signal", signal, "an AbortSignal");
  if (deadline !== undefined && !(Number.isInteger(deadline) && deadline > 0 && deadline <= LONGEST_TIMER)) {
    throw new ArgumentError("out-of-range", {
      field: "deadline",
      value: deadline,
      problem: "is not a number of milliseconds in range",
      expected: `a whole number from 1 to ${LONGEST_TIMER}`,
    });
  }
}

/**
 * @param timezone The time zone of the client, for a start without one of its own.
 * @throws ArgumentError for a value of the wrong type. The backend checks the values of the right type.
 */
export function startRequestOf(options: JobStartOptions, timezone: string | undefined): StartRequest {
  const given = checkObject("options", options);
  checkNames(options, START_OPTIONS);
  const { jobName, jobInterval, startBuffer, retryInterval, requiredJobNames, noLock } = given;
  const { jobIntervalStartedAt, startsAt, catchUp, takeOver } = given;
  checkType("jobName", jobName, "string");
  if (given.timezone !== undefined) checkType("timezone", given.timezone, "string");
  if (noLock !== undefined) checkType("noLock", noLock, "boolean");
  if (catchUp !== undefined) checkType("catchUp", catchUp, "string");
  if (requiredJobNames !== undefined && !isListOfStrings(requiredJobNames)) {
    throw wrongType("requiredJobNames", requiredJobNames, "an array of job names");
  }
  return withoutUndefined({
    jobName,
    jobInterval: jobIntervalOf("jobInterval", jobInterval),
    startBuffer: ifGiven(startBuffer, (length) => lengthOf("startBuffer", length)),
    retryInterval: ifGiven(retryInterval, (length) => lengthOf("retryInterval", length)),
    requiredJobNames,
    timezone: given.timezone ?? timezone,
    noLock,
    jobIntervalStartedAt: ifGiven(jobIntervalStartedAt, (date) => instantOf("jobIntervalStartedAt", date)),
    startsAt: ifGiven(startsAt, (date) => instantOf("startsAt", date)),
    catchUp,
    takeOver: ifGiven(takeOver, takeOverOf),
  });
}

function takeOverOf(takeOver: NonNullable<JobStartOptions["takeOver"]>): TakeOver {
  const { id, updatedAt } = checkObject("takeOver", takeOver);
  checkType("takeOver.id", id, "string");
  return { id, updatedAt: instantOf("takeOver.updatedAt", updatedAt) };
}

/** @throws ArgumentError */
export function instantOf(field: string, date: Date): Instant {
  if (!isDate(date)) throw wrongType(field, date, "a Date");
  const instant = date.getTime();
  if (isInstant(instant)) return instant;
  throw new ArgumentError("invalid-instant", {
    field,
    value: instant,
    problem: "is not an instant",
    expected: "a valid Date in the years 1 to 9999",
  });
}

/** @throws ArgumentError */
export function checkJobOptions(
  options: object,
  { known, text }: { readonly known: readonly string[]; readonly text: readonly string[] },
): void {
  checkObject("options", options);
  checkNames(options, [...known, ...text, "signal", "deadline"]);
  for (const field of text) checkType(field, (options as Record<string, unknown>)[field], "string");
}

/** @throws ArgumentError for any text but that of a lock. */
export function handedLockOf(text: string): HandedLock {
  checkType("lock", text, "string");
  return readGrantedLock(text);
}

/** The holder becomes part of the state document, and no store reads a document with an invalid holder. */
function checkHolder(holder: object): void {
  for (const [field, value] of Object.entries(checkObject("holder", holder))) {
    if (!HOLDER_FIELDS.some((known) => known === field)) throw unknownName(`holder.${field}`, HOLDER_FIELDS);
    if (value === undefined) continue;
    checkType(`holder.${field}`, value, "string");
    if (value === "") throw wrongType(`holder.${field}`, value, "a string that is not empty");
  }
}

function checkObject<T extends object>(field: string, value: T): T {
  if (typeof value === "object" && value !== null) return value;
  throw wrongType(field, value, "an object");
}

/** A mistyped option must not be ignored: without its `retryInterval`, a lock would never be taken over. */
function checkNames(options: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !known.includes(name)) throw unknownName(name, known);
  }
}

const EXPECTED = { string: "a string", boolean: "true or false", function: "a function" } as const;

function checkType(
  field: string,
  value: unknown,
  type: keyof typeof EXPECTED,
  { isSecret = false }: { readonly isSecret?: boolean } = {},
): void {
  if (typeof value === type) return;
  if (value === undefined || !isSecret) throw wrongType(field, value, EXPECTED[type]);
  throw new ArgumentError("wrong-type", { field, problem: `has the type ${typeof value}`, expected: EXPECTED[type] });
}

/** @param value Shown in the message. */
export function wrongType(field: string, value: unknown, expected: string): ArgumentError {
  return value === undefined
    ? new ArgumentError("missing", { field, problem: "is missing", expected })
    : new ArgumentError("wrong-type", { field, value, problem: "has the wrong type", expected });
}

function unknownName(field: string, known: readonly string[]): ArgumentError {
  return new ArgumentError("unknown-name", {
    field,
    problem: "is not a known option",
    expected: `one of ${known.join(", ")}`,
  });
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
