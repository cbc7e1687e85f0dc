import { ArgumentError } from "../scheduler/argument-error.ts";
import { checkLength, DURATION_FIELDS, type Duration, type DurationField } from "../scheduler/duration.ts";
import type { Interval } from "../scheduler/interval.ts";

const LENGTHS =
  "whole milliseconds (3600000), an ISO 8601 duration (PT1H30M), a plain one (90 minutes, 1h 30m, 1 day) or an object ({ hours: 1 })";

/**
 * @param input The input's name, for messages.
 * @returns an interval: what looks like no length of time is a cron expression, which the scheduler checks.
 * @throws ArgumentError
 */
export function parseInterval(input: string, text: string): Interval {
  const length = lengthIn(input, text);
  if (length !== null) return checkLength(input, length, 1);
  if (/^@|\s/.test(text)) return text;
  throw new ArgumentError(`${input} is ${JSON.stringify(text)}: give a cron expression (0 * * * *), ${LENGTHS}`);
}

/** The same for a wait, which is no cron expression and may be nothing. */
export function parseWait(input: string, text: string): number | Duration {
  const length = lengthIn(input, text);
  if (length !== null) return checkLength(input, length, 0);
  throw new ArgumentError(`${input} is ${JSON.stringify(text)}: give ${LENGTHS}`);
}

/** @returns null for what has none of the forms of a length of time. */
function lengthIn(input: string, text: string): unknown {
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?P/i.test(text)) return isoDuration(input, text);
  if (text.startsWith("{")) return objectIn(input, text);
  return plainDuration(input, text);
}

/** The fields of a duration in their order, N being a number. @see https://datatracker.ietf.org/doc/html/rfc3339#appendix-A */
const ISO_DURATION = new RegExp(
  "^([+-]?)P(?!$)(NY)?(NM)?(NW)?(ND)?(T(?!$)(NH)?(NM)?(NS)?)?$".replaceAll("N", String.raw`(?:\d+(?:[.,]\d+)?)`),
  "i",
);

function isoDuration(input: string, text: string): Duration {
  const found = ISO_DURATION.exec(text);
  if (found === null) {
    throw new ArgumentError(`${input} is ${JSON.stringify(text)}, which is no ISO 8601 duration: give ${LENGTHS}`);
  }
  const [, sign, years, months, weeks, days, , hours, minutes, seconds] = found;
  if (sign === "-") throw new ArgumentError(`${input} is ${JSON.stringify(text)}: it can't be negative`);
  return Object.fromEntries(
    Object.entries({ years, months, weeks, days, hours, minutes, seconds })
      .filter(([, part]) => part !== undefined)
      .map(([field, part = ""]) => [field, Number(part.slice(0, -1).replace(",", "."))]),
  );
}

/** JSON, or YAML's way of writing an object in a line, where keys need no quotes. */
function objectIn(input: string, text: string): unknown {
  const json = text.replace(/([{,]\s*)['"]?([A-Za-z]+)['"]?\s*:/g, '$1"$2":').replace(/,\s*}$/, "}");
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ArgumentError(`${input} is ${JSON.stringify(text)}, which is no object: give ${LENGTHS}`, { cause });
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

/** A single letter has no plural: "ms" are no minutes. */
function unitOf(word: string): DurationField | undefined {
  return UNITS.get(word) ?? (word.length > 2 ? UNITS.get(word.replace(/s$/, "")) : undefined);
}

function plainDuration(input: string, text: string): Duration | null {
  const parts = [...text.matchAll(/([\d.]+)\s*([A-Za-z]+)[\s,]*(?:and\s+)?/gy)];
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== text.length) return null;
  const duration: Partial<Record<DurationField, number>> = {};
  for (const [, number, word = ""] of parts) {
    const field = unitOf(word.toLowerCase());
    if (field === undefined) {
      throw new ArgumentError(
        `${input} is ${JSON.stringify(text)}: ${JSON.stringify(word)} is none of ${DURATION_FIELDS.join(", ")}`,
      );
    }
    duration[field] = (duration[field] ?? 0) + Number(number);
  }
  return duration;
}
