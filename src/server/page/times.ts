import { DAY, HOUR, type Instant, MINUTE, SECOND, toIso } from "../../scheduler/instant.ts";
import { type Html, html } from "./html.ts";

/** How instants are told: by the wall clock of one zone, and as shortly as they are clear at one instant. */
export class Times {
  readonly now: Instant;
  readonly zone: string;
  readonly #date: Intl.DateTimeFormat;
  readonly #dateOfYear: Intl.DateTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #clockWithSeconds: Intl.DateTimeFormat;
  readonly #today: string;

  /** @param zone An IANA name. */
  constructor(now: Instant, zone: string) {
    const formatOf = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    const day = { day: "numeric", month: "short" } as const;
    const minute = { hour: "2-digit", minute: "2-digit" } as const;
    this.now = now;
    this.zone = zone;
    this.#date = formatOf(day);
    this.#dateOfYear = formatOf({ ...day, year: "numeric" });
    this.#clock = formatOf(minute);
    this.#clockWithSeconds = formatOf({ ...minute, second: "2-digit" });
    this.#today = this.#dateOfYear.format(now);
  }

  /** `04:00` of today, `23 Nov 04:00`, `23 Nov 2025 04:00`. */
  instant(instant: Instant): string {
    return [this.#dateUnless(this.#today, instant), this.#time(instant)].filter(Boolean).join(" ");
  }

  /** `23 Nov 04:00 to 05:00`. */
  interval(from: Instant, to: Instant): string {
    return this.#ends(from, to).join(" to ");
  }

  element(instant: Instant, text = this.instant(instant)): Html {
    return html`<time datetime="${toIso(instant)}" title="${toIso(instant)}">${text}</time>`;
  }

  intervalElement(from: Instant, to: Instant): Html {
    const [start, end] = this.#ends(from, to);
    return html`${this.element(from, start)} to ${this.element(to, end)}`;
  }

  /** `12 min ago` */
  ago(instant: Instant): string {
    const length = this.now - instant;
    return length < SECOND ? "just now" : `${lengthOf(length)} ago`;
  }

  #ends(from: Instant, to: Instant): [start: string, end: string] {
    const end = [this.#dateUnless(this.#dateOfYear.format(from), to), this.#time(to)].filter(Boolean).join(" ");
    return [this.instant(from), end];
  }

  #time(instant: Instant): string {
    return (instant % MINUTE === 0 ? this.#clock : this.#clockWithSeconds).format(instant);
  }

  #dateUnless(day: string, instant: Instant): string {
    const date = this.#dateOfYear.format(instant);
    if (date === day) return "";
    return date.slice(-4) === this.#today.slice(-4) ? this.#date.format(instant) : date;
  }
}

const UNITS = [
  [DAY, "d"],
  [HOUR, "h"],
  [MINUTE, "min"],
  [SECOND, "s"],
] as const;

/** A length of time by its two largest units: `3 h 5 min`. */
export function lengthOf(ms: number): string {
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, name] = UNITS[at] ?? [SECOND, "s"];
  const whole = Math.floor(ms / unit);
  const [smaller, smallerName] = UNITS[at + 1] ?? [0, ""];
  const rest = at === -1 || smaller === 0 ? 0 : Math.floor((ms % unit) / smaller);
  // Beyond an hour nobody waits for seconds, nor beyond three days for hours.
  return rest === 0 || (unit === DAY && whole > 3) || unit === MINUTE
    ? `${whole} ${name}`
    : `${whole} ${name} ${rest} ${smallerName}`;
}
