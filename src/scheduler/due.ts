import type { Delay } from "./delay.ts";
import { DAY, HOUR, type Instant } from "./instant.ts";
import { nearestInstant } from "./nearest-instant.ts";

/** The instants that are due at one `now`, because they lie at least the start buffer before it. */
export interface Due {
  has(instant: Instant): boolean;
  /** `now` minus the start buffer or, where that is not due, the latest earlier instant that is. */
  readonly horizon: Instant;
  /** @returns the last instant up to which all instants from `from` on are due. `from` is due itself. */
  unbrokenFrom(from: Instant): Instant;
}

/**
 * On a calendar the due instants have gaps, because a later instant plus the buffer can be earlier: January 30, 12:00 and
 * January 31, 9:00 plus a month are February 28, 12:00 and 9:00.
 */
export function dueInstants(now: Instant, startBuffer: Delay): Due {
  /** The time since an instant became due, in milliseconds. Negative for an instant that is not due yet. */
  const slackOf = (instant: Instant) => now - startBuffer.after(instant);
  const has = (instant: Instant) => slackOf(instant) >= 0;
  if (startBuffer.fixedLength !== null) {
    const horizon = startBuffer.before(now);
    return { has, horizon, unbrokenFrom: () => horizon };
  }
  const horizon = horizonOf(startBuffer.before(now), slackOf);
  return { has, horizon, unbrokenFrom: (from) => unbroken(Math.max(from, horizon - LONGEST_DISORDER), slackOf) };
}

/** Of two instants that are this far apart, the earlier one becomes due no later than the other. */
const LONGEST_DISORDER = 7 * DAY;

type Slack = (instant: Instant) => number;

function horizonOf(latest: Instant, slackOf: Slack): Instant {
  let instant = latest;
  for (let slack = slackOf(instant); slack < 0; slack = slackOf(instant)) {
    const step = Math.max(slack, -HOUR);
    instant = firstBreak(instant, instant + step, slackOf) ?? instant + step;
  }
  return instant;
}

function unbroken(from: Instant, slackOf: Slack): Instant {
  let instant = from;
  for (let slack = slackOf(instant); ; slack = slackOf(instant)) {
    const step = Math.min(slack + 1, HOUR);
    const next = firstBreak(instant, instant + step, slackOf) ?? instant + step;
    if (slackOf(next) < 0) return next - 1;
    instant = next;
  }
}

/**
 * Each millisecond that the instant moves on takes a millisecond off its slack. A clock change or a clamped month breaks this
 * rule.
 *
 * @returns the instant nearest to `from`, on the way to `to`, that breaks the rule. Null if no instant up to `to` does.
 */
function firstBreak(from: Instant, to: Instant, slackOf: Slack): Instant | null {
  const breaksRule = (instant: Instant) => slackOf(instant) + instant !== slackOf(from) + from;
  return breaksRule(to) ? nearestInstant(from, to, breaksRule) : null;
}
