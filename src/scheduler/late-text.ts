import { behindCount } from "./behind-count.ts";
import { DAY, HOUR, type Instant, MINUTE, SECOND } from "./instant.ts";
import type { WhatComesNext } from "./what-comes-next.ts";

/** @returns for how long the next interval has been due, in milliseconds. Null: it is not due, or that is not known. */
export function latenessOf({ dueAt }: Pick<WhatComesNext, "dueAt">, now: Instant): number | null {
  return dueAt === null || dueAt > now ? null : now - dueAt;
}

/** @returns how late a job is: `2 h 3 min late, 2 intervals behind`. Empty if it is not. */
export function lateText(next: Pick<WhatComesNext, "dueAt" | "behind">, now: Instant): string {
  return lateParts(next, now).join(", ");
}

/** @returns the parts of {@link lateText}. */
export function lateParts(next: Pick<WhatComesNext, "dueAt" | "behind">, now: Instant): readonly string[] {
  const late = latenessOf(next, now) ?? 0;
  return [
    late >= SECOND ? `${formatLength(late)} late` : "",
    next.behind === null ? "" : behindText(next.behind),
  ].filter((part) => part !== "");
}

function behindText(behind: number): string {
  if (behind === 0) return "";
  return `${behindCount(behind)} ${behind === 1 ? "interval" : "intervals"} behind`;
}

const UNITS = [
  [DAY, "d"],
  [HOUR, "h"],
  [MINUTE, "min"],
  [SECOND, "s"],
] as const;

/** A length of time in its two largest units, such as `3 h 5 min`. */
export function formatLength(ms: number): string {
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, name] = UNITS[at] ?? [SECOND, "s"];
  const whole = Math.floor(ms / unit);
  const [smaller, smallerName] = UNITS[at + 1] ?? [0, ""];
  const rest = at === -1 || smaller === 0 ? 0 : Math.floor((ms % unit) / smaller);
  // Seconds are left out from a minute on, hours beyond three days.
  return rest === 0 || (unit === DAY && whole > 3) || unit === MINUTE
    ? `${whole} ${name}`
    : `${whole} ${name} ${rest} ${smallerName}`;
}
