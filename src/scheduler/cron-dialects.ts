import { cronSchedule } from "./cron-schedule.ts";
import { durationText } from "./duration.ts";
import { parseLength } from "./interval-text.ts";
import { MONTHS, RANGES, WEEKDAYS } from "./wall-clock-cron.ts";
import { zoneNamed } from "./zone.ts";

/**
 * Translates a refused cron expression: of the dialects of Quartz, EventBridge and Jenkins, with a time zone before the
 * fields, or in words.
 *
 * @returns the form that a `jobInterval` takes, as the end of a sentence. Null where the meaning is not clear.
 */
export function acceptedInterval(expression: string): string | null {
  const text = expression.trim();
  const [, zone, rest = ""] = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/is.exec(text) ?? [];
  if (zone !== undefined) {
    const form = isAccepted(rest) ? JSON.stringify(rest) : acceptedInterval(rest);
    return form && `${form}, with timezone set to ${isZone(zone) ? zone : "an IANA name such as Europe/London"}`;
  }
  const [, inParentheses] = /^(?:cron|rate)\((.*)\)$/is.exec(text) ?? [];
  const inner = inParentheses ?? text;
  if (inParentheses !== undefined && isAccepted(inner) && inner.split(/\s+/).length === 5) return JSON.stringify(inner);
  return durationIn(inner) ?? cronIn(inner.split(/\s+/));
}

/** `@every 5m`, `every 5 minutes`, `every hour`, and EventBridge's `rate(5 minutes)`. */
function durationIn(text: string): string | null {
  const length = text.replace(/^@?every\s+/i, "").replace(/^(?=[a-z]+$)(?:an?\s+)?/i, "1 ");
  try {
    const parsed = parseLength("jobInterval", length);
    if (typeof parsed === "number") return null;
    return JSON.stringify(durationText(Object.entries(parsed)));
  } catch {
    return null;
  }
}

function cronIn(fields: readonly string[]): string | null {
  for (const read of readings(fields)) {
    const repaired = read.map((field, at) => repairedField(field, at + RANGES.length - read.length)).join(" ");
    if (repaired === fields.join(" ") || !isAccepted(repaired)) continue;
    const isYearLost = read.length < fields.length && fields.at(-1) !== "*";
    return `${JSON.stringify(repaired)}${isYearLost ? ", since a year cannot be chosen" : ""}`;
  }
  return null;
}

/** @returns the ways to read the fields in this project's order, the likeliest first. */
function readings(fields: readonly string[]): readonly (readonly string[])[] {
  const inUnix = () => inUnixDays(fields.slice(0, -1));
  // Quartz has the seconds first, may have a year last, and always has a ? in one of the day fields.
  if (fields.length === 7 && !fields.includes("?")) return [];
  if (fields.length === 7) return inUnix()[0] === "0" ? [inUnix().slice(1)] : [inUnix()];
  if (fields.length === 5) return [fields];
  if (fields.length !== 6) return [];
  // EventBridge has no seconds, and a year last.
  const isEventBridge = fields[2] === "?" || fields[4] === "?";
  return isEventBridge ? [inUnix()] : [fields, inUnix()];
}

/** In Quartz and EventBridge Sunday is 1. */
function inUnixDays(fields: readonly string[]): readonly string[] {
  return fields.map((field, at) => {
    if (at < fields.length - 1) return field;
    return field.replace(/(^|[,-])([1-7])(?!\d)/g, (_, before: string, day: string) => `${before}${Number(day) - 1}`);
  });
}

/** The names of the values of each field, seconds first. */
const NAMES: readonly (readonly string[])[] = [[], [], [], [], MONTHS, WEEKDAYS];

function repairedField(field: string, at: number): string {
  if (field === "?") return "*";
  const [least, most] = RANGES[at] ?? [0, 0];
  const names = NAMES[at] ?? [];
  return field
    .split(",")
    .map((part) => {
      const named = names.length === 0 ? part : part.replace(/[a-z]{4,}/gi, (word) => shortName(word, names));
      // Jenkins chooses a value for H by the job's name.
      const chosen = named.replace(/^H(\(\d+-\d+\))?(?=\/|$)/, (_, range?: string) => {
        return named.includes("/") ? (range?.slice(1, -1) ?? "*") : (/\d+/.exec(range ?? "")?.[0] ?? String(least));
      });
      if (names === WEEKDAYS && /^7\//.test(chosen)) return chosen.replace("7", "0");
      return asList(chosen, { least, most, names });
    })
    .join(",");
}

function shortName(word: string, names: readonly string[]): string {
  const name = word.slice(0, 3).toLowerCase();
  return names.includes(name) ? name : word;
}

/** Writes a range that goes beyond the highest value as a list: `fri-mon` as `fri,sat,sun,mon`. */
function asList(
  part: string,
  { least, most, names }: { readonly least: number; readonly most: number; readonly names: readonly string[] },
): string {
  const [, from = "", to = "", step] = /^(\w+)-(\w+)(?:\/(\d+))?$/.exec(part) ?? [];
  const numberOf = (word: string) => (/^\d+$/.test(word) ? Number(word) : names.indexOf(word.toLowerCase()) + least);
  const [first, last] = [numberOf(from), numberOf(to)];
  const size = most - least + 1;
  // Sunday is 7 too.
  const inRange = (value: number) => value >= least && value <= most + (names === WEEKDAYS ? 1 : 0);
  if (from === "" || !inRange(first) || !inRange(last) || first <= last) return part;
  if (step === undefined && names.length === 0) return `${span(first, most)},${span(least, last)}`;
  const isNamed = !/^\d/.test(from);
  const values: (string | number | undefined)[] = [];
  for (let value = first; value <= last + size; value += Math.max(1, Number(step ?? 1))) {
    const index = (value - least) % size;
    values.push(isNamed ? names[index] : index + least);
  }
  return values.join(",");
}

function span(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function isAccepted(expression: string): boolean {
  try {
    cronSchedule(expression, zoneNamed("UTC"));
    return true;
  } catch {
    return false;
  }
}

function isZone(name: string): boolean {
  try {
    zoneNamed(name);
    return true;
  } catch {
    return false;
  }
}
