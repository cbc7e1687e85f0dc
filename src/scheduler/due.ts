import { DAY, HOUR, type Instant } from "./instant.ts";
import type { Wait } from "./wait.ts";

/** Which instants are due at one `now`: those that lie at least the start buffer before it. */
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
export function dueAt(now: Instant, startBuffer: Wait): Due {
  /** How long an instant is due already. Negative: how long until it is. */
  const slackOf = (instant: Instant) => now - startBuffer.after(instant);
  const has = (instant: Instant) => slackOf(instant) >= 0;
  const horizon = horizonOf(startBuffer.before(now), slackOf);
  return { has, horizon, unbrokenFrom: (from) => unbroken(Math.max(from, horizon - LONGEST_DISORDER), slackOf) };
}

/** Where this much lies between two instants, the earlier one is due no later than the other. */
const LONGEST_DISORDER = 7 * DAY;

type Slack = (instant: Instant) => number;

function horizonOf(latest: Instant, slackOf: Slack): Instant {
  let instant = latest;
  for (let slack = slackOf(instant); slack < 0; slack = slackOf(instant)) {
    const step = Math.max(slack, -HOUR);
    instant = evenEnd(instant, instant + step, slackOf) ?? instant + step;
  }
  return instant;
}

function unbroken(from: Instant, slackOf: Slack): Instant {
  let instant = from;
  for (let slack = slackOf(instant); ; slack = slackOf(instant)) {
    const step = Math.min(slack + 1, HOUR);
    const next = evenEnd(instant, instant + step, slackOf) ?? instant + step;
    if (slackOf(next) < 0) return next - 1;
    instant = next;
  }
}

/**
 * Between two clock changes or clamped months, slack falls by as much as time passes.
 *
 * @returns the instant nearest to `from`, on the way to `to`, at which that no longer holds, or null if it holds throughout.
 */
function evenEnd(from: Instant, to: Instant, slackOf: Slack): Instant | null {
  const isEven = (instant: Instant) => slackOf(instant) + instant === slackOf(from) + from;
  if (isEven(to)) return null;
  let [even, uneven] = [from, to];
  while (Math.abs(uneven - even) > 1) {
    const middle = Math.trunc((even + uneven) / 2);
    if (isEven(middle)) even = middle;
    else uneven = middle;
  }
  return uneven;
}
