import { type Instant, MINUTE, SECOND, toIso } from "../../scheduler/instant.ts";
import { formatLength } from "../../scheduler/late-text.ts";
import type { Span } from "../../scheduler/span.ts";
import type { RecordedInterval } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";

/** Formats instants in one time zone, and leaves out the parts of a date that today's date has too. */
export class TimeFormatter {
  readonly now: Instant;
  readonly zone: string;
  readonly #date: Intl.DateTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #clockWithSeconds: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #today: string;
  /** Many jobs' intervals share their instants, and formatting takes most of a page's time. */
  readonly #formats = new Map<Instant, { readonly date: string; readonly clock: string }>();

  /** @param zone A name of the IANA time zone database. */
  constructor(now: Instant, zone: string) {
    const formatOf = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    const minute = { hour: "2-digit", minute: "2-digit" } as const;
    this.now = now;
    this.zone = zone;
    // #dateUnless relies on the four-digit year at the end.
    this.#date = formatOf({ day: "numeric", month: "short", year: "numeric" });
    this.#clock = formatOf(minute);
    this.#clockWithSeconds = formatOf({ ...minute, second: "2-digit" });
    this.#weekday = formatOf({ weekday: "short" });
    this.#today = this.#date.format(now);
  }

  /** `04:00` for today, otherwise `23 Nov 04:00` or `23 Nov 2025 04:00`. */
  instant(instant: Instant): string {
    return this.#after(this.#today, instant);
  }

  /** For example `23 Nov 04:00 to 05:00`. */
  interval(interval: RecordedInterval): string {
    return this.#ends(spanOf(interval)).join(" to ");
  }

  /** `24 Nov`, or `24 Nov 2025`. Without the time of day. */
  date(instant: Instant): string {
    return this.#dateUnless("", instant);
  }

  /** The whole date and time, for example `Tue 24 Nov 2026, 12:00 UTC`. */
  full(instant: Instant): string {
    const { date, clock } = this.#formatted(instant);
    return `${this.#weekday.format(instant)} ${date}, ${clock} ${this.zone}`;
  }

  element(instant: Instant, text: string | Html = this.instant(instant)): Html {
    return html`<time datetime="${toIso(instant)}" title="${this.full(instant)}">${text}</time>`;
  }

  /** For example `in 48 min` or `12 min ago`. */
  relativeElement(instant: Instant): Html {
    return this.element(instant, this.relative(instant));
  }

  relative(instant: Instant): string {
    return instant > this.now ? `in ${formatLength(instant - this.now)}` : this.ago(instant);
  }

  intervalElement(interval: RecordedInterval): Html {
    return this.spanElement(spanOf(interval));
  }

  spanElement(span: Span): Html {
    const [start, end] = this.#ends(span);
    return html`${this.element(span.from, start)} to ${this.element(span.until, end)}`;
  }

  /** For example `12 min ago`. */
  ago(instant: Instant): string {
    const length = this.now - instant;
    return length < SECOND ? "just now" : `${formatLength(length)} ago`;
  }

  #ends({ from, until }: Span): [start: string, end: string] {
    return [this.instant(from), this.#after(this.#formatted(from).date, until)];
  }

  /** @returns the date and time of an instant in a text that has named `day` before, without the date if it is the same. */
  #after(day: string, instant: Instant): string {
    return [this.#dateUnless(day, instant), this.#formatted(instant).clock].filter(Boolean).join(" ");
  }

  #dateUnless(day: string, instant: Instant): string {
    const { date } = this.#formatted(instant);
    if (date === day) return "";
    return date.slice(-4) === this.#today.slice(-4) ? date.slice(0, -5) : date;
  }

  #formatted(instant: Instant) {
    let formatted = this.#formats.get(instant);
    if (formatted === undefined) {
      const clock = instant % MINUTE === 0 ? this.#clock : this.#clockWithSeconds;
      formatted = { date: this.#date.format(instant), clock: clock.format(instant) };
      this.#formats.set(instant, formatted);
    }
    return formatted;
  }
}

function spanOf({ intervalStartedAt, intervalEndedAt }: RecordedInterval): Span {
  return { from: Date.parse(intervalStartedAt), until: Date.parse(intervalEndedAt) };
}
