import { ArgumentError } from "../errors/argument-error.ts";
import { checkLength, DURATION_FIELDS, type Duration, type DurationField, type Length } from "./duration.ts";
import type { JobInterval } from "./schedule.ts";

const LENGTHS =
  "whole milliseconds (3600000), an ISO 8601 duration (PT1H30M), a plain one (90 minutes, 1h 30m, 1 day) or an object ({ hours: 1 })";

/**
 * Parses a `jobInterval`: a length of time in one of the forms of {@link parseLength}, or a cron expression. `scheduleOf`
 * checks the cron expression later; here any text with blanks or a leading `@` passes as one.
 *
 * @param field The name of the argument, for messages.
 * @throws ArgumentError
 */
export function parseInterval(field: string, text: string): JobInterval {
  const length = lengthIn(field, text);
  if (length !== null) return checkLength({ field, length, least: 1, written: text });
  if (/^@|\s/.test(text)) return text;
  const form = meantBy(text);
  const nickname = /^(year|annual|month|week|dai|hour)ly$|^midnight$/i.test(text)
    ? JSON.stringify(`@${text.toLowerCase()}`)
    : null;
  throw invalid(field, text, {
    problem: "is not an interval",
    expected: nickname ?? form ?? `a cron expression (0 * * * *), ${LENGTHS}`,
  });
}

/**
 * Parses a length of time, such as a start buffer: whole milliseconds (`3600000`), an ISO 8601 duration (`PT1H30M`), a plain
 * duration (`90 minutes`), or an object as JSON or YAML writes it (`{ hours: 1 }`).
 *
 * @param field The name of the argument, for messages.
 * @throws ArgumentError
 */
export function parseLength(field: string, text: string): Length {
  const length = lengthIn(field, text);
  if (length !== null) return checkLength({ field, length, least: 0, written: text });
  const form = meantBy(text);
  throw invalid(field, text, { problem: "is not a length of time", ...(form !== null && { expected: form }) });
}

/** @returns a `jobInterval` that its caller gave as text or in one of the other forms. @throws ArgumentError for wrong text. */
export function jobIntervalOf(field: string, given: JobInterval): JobInterval {
  return typeof given === "string" ? parseInterval(field, given) : given;
}

/** @returns a length of time that its caller gave as text or as a length. @throws ArgumentError for wrong text. */
export function lengthOf(field: string, given: string | Length): Length {
  return typeof given === "string" ? parseLength(field, given) : given;
}

/** @returns the length that a unit without a number stands for (`hour`, `an hour`, `every day`), or null. */
function meantBy(text: string): string | null {
  const [, word = ""] = /^(?:@?every\s+)?(?:an?\s+)?([a-z]{3,})$/i.exec(text) ?? [];
  const unit = unitOf(word.toLowerCase());
  if (unit !== undefined) return JSON.stringify(`1 ${unit.slice(0, -1)}`);
  const [, length = ""] = /^@?every\s+(.*)$/is.exec(text) ?? [];
  return /^\d/.test(length) ? JSON.stringify(length) : null;
}

/** @returns a length that is still to be checked, or null for text that has none of the forms. */
function lengthIn(field: string, text: string): unknown {
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?P/i.test(text)) return isoDuration(field, text);
  if (text.startsWith("{")) return objectIn(field, text);
  if (/^-\s*[\d.]+\s*[a-z]/i.test(text)) throw negative(field, text);
  return milliseconds(text) ?? plainDuration(field, text);
}

/** A duration has no milliseconds, so they stand alone. */
function milliseconds(text: string): number | null {
  const [, number, word = ""] = /^(\d+)\s*([a-z]+)$/i.exec(text) ?? [];
  return number !== undefined && MILLISECONDS.test(word) ? Number(number) : null;
}

const MILLISECONDS = /^(?:ms|msecs?|millis|milliseconds?)$/i;

/** `N` stands for a number. See https://datatracker.ietf.org/doc/html/rfc3339#appendix-A */
const ISO_DURATION = new RegExp(
  "^([+-]?)P(?!$)(NY)?(NM)?(NW)?(ND)?(T(?!$)(NH)?(NM)?(NS)?)?$".replaceAll("N", String.raw`(?:\d+(?:[.,]\d+)?)`),
  "i",
);

function isoDuration(field: string, text: string): Duration {
  const found = ISO_DURATION.exec(text);
  if (found === null) {
    const timed = text.replace(/^([+-]?P(?:\d+[YMWD])*?)(?=\d+[HS]|\d+M\d+S)/i, "$1T");
    const form = timed !== text && ISO_DURATION.test(timed) ? { expected: `${timed}, with a T before the time` } : {};
    throw invalid(field, text, { problem: "is not an ISO 8601 duration", ...form });
  }
  const [, sign, years, months, weeks, days, , hours, minutes, seconds] = found;
  if (sign === "-") throw negative(field, text);
  return Object.fromEntries(
    Object.entries({ years, months, weeks, days, hours, minutes, seconds })
      .filter(([, part]) => part !== undefined)
      .map(([unit, part = ""]) => [unit, Number(part.slice(0, -1).replace(",", "."))]),
  );
}

/** JSON, or YAML's flow style, in which keys need no quotes and a comma may follow the last field. */
function objectIn(field: string, text: string): unknown {
  const json = text.replace(/([{,]\s*)['"]?([A-Za-z]+)['"]?\s*:/g, '$1"$2":').replace(/,\s*}$/, "}");
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw invalid(field, text, { problem: "is not a well-formed object", cause });
  }
}

const UNITS: ReadonlyMap<string, DurationField> = new Map<string, DurationField>([
  ["y", "years"],
  ["yr", "years"],
  ["mo", "months"],
  ["w", "weeks"],
  ["wk", "weeks"],
  ["d", "days"],
  ["h", "hours"],
  ["hr", "hours"],
  ["m", "minutes"],
  ["min", "minutes"],
  ["s", "seconds"],
  ["sec", "seconds"],
  ...DURATION_FIELDS.map((field) => [field.slice(0, -1), field] as const),
]);

/** A single letter has no plural: "ms" does not mean minutes. */
function unitOf(word: string): DurationField | undefined {
  return UNITS.get(word) ?? (word.length > 2 ? UNITS.get(word.replace(/s$/, "")) : undefined);
}

function plainDuration(field: string, text: string): Duration | null {
  const parts = [...text.matchAll(/([\d.]+)\s*([A-Za-z]+)[\s,]*(?:and\s+)?/gy)];
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== text.length) return null;
  const duration: Partial<Record<DurationField, number>> = {};
  for (const [, number, word = ""] of parts) {
    const unit = unitOf(word.toLowerCase());
    if (unit === undefined) {
      const isMilliseconds = MILLISECONDS.test(word);
      throw invalid(field, text, {
        problem: isMilliseconds
          ? "has milliseconds beside other units, or a fraction of a millisecond"
          : `has the unknown unit ${JSON.stringify(word)}`,
        expected: isMilliseconds ? "whole milliseconds alone, such as 1500 ms" : `one of ${DURATION_FIELDS.join(", ")}`,
      });
    }
    duration[unit] = (duration[unit] ?? 0) + Number(number);
  }
  return duration;
}

function negative(field: string, text: string): ArgumentError {
  return invalid(field, text, { problem: "is negative", expected: "a duration without a minus sign" });
}

function invalid(
  field: string,
  text: string,
  { problem, expected = LENGTHS, cause }: { problem: string; expected?: string; cause?: unknown },
): ArgumentError {
  return new ArgumentError("invalid-interval", { field, value: text, problem, expected, cause });
}
