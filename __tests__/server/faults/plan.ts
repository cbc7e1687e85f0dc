import fc from "fast-check";
import type { ProxyFault } from "../../../testing/network/faulty-proxy.ts";

/**
 * In milliseconds. The clock of a whole plan goes on by less than an hour: the ids of abandoned starts are remembered for an
 * hour, and a request that is delayed in real time must not arrive after that time on the clock.
 */
export const INTERVAL = 120_000;
export const RETRY_INTERVAL = 20_000;
export const MOST_CALLERS = 3;

/** The rounds of one job. A seed determines them, and the faults of their requests. */
export type Plan = readonly Round[];

/** Some callers start the job at once. The caller that gets the interval ends its run. */
export interface Round {
  /** The time by which the clock is advanced before the round, in milliseconds. */
  readonly advance: number;
  /** One start for each caller. */
  readonly starts: readonly PlannedStart[];
  /** Whether another caller tries to take the lock over before its run ends. */
  readonly overtaken: boolean;
}

export interface PlannedStart {
  readonly mayTakeOver: boolean;
  /** The deadline of each call, in milliseconds. */
  readonly deadline: number;
  /** The calls that end the run: the next one follows if the one before failed. Empty: the caller died. */
  readonly ends: readonly End[];
}

export type End = "finish" | "interrupt";

const deadline = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 20, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 800 }) },
  { weight: 3, arbitrary: fc.constant(1_500) },
);

const ends = fc.oneof(
  { weight: 6, arbitrary: fc.constant<End[]>(["finish", "finish", "finish"]) },
  { weight: 2, arbitrary: fc.constant<End[]>(["interrupt", "interrupt"]) },
  { weight: 1, arbitrary: fc.constant<End[]>(["finish", "interrupt"]) },
  { weight: 1, arbitrary: fc.constant<End[]>(["interrupt", "finish"]) },
  { weight: 1, arbitrary: fc.constant<End[]>([]) },
);

const start: fc.Arbitrary<PlannedStart> = fc.record({ mayTakeOver: fc.boolean(), deadline, ends });

const round: fc.Arbitrary<Round> = fc.record({
  advance: fc.oneof(
    { weight: 4, arbitrary: fc.constant(INTERVAL) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(INTERVAL / 2) },
    { weight: 1, arbitrary: fc.constant(5 * INTERVAL) },
  ),
  starts: fc.oneof(
    { weight: 2, arbitrary: fc.array(start, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(start, { minLength: 2, maxLength: MOST_CALLERS }) },
  ),
  overtaken: fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 0),
});

/** At most 20 runs, so that the job's history has all of them. */
const plan: fc.Arbitrary<Plan> = fc
  .array(round, { minLength: 2, maxLength: 5, size: "max" })
  .filter((rounds) => rounds.reduce((sum, { starts }) => sum + starts.length + 1, 0) <= 20);

const fault: fc.Arbitrary<ProxyFault> = fc.oneof(
  { weight: 14, arbitrary: fc.constant<ProxyFault>({ kind: "pass" }) },
  {
    weight: 2,
    arbitrary: fc.record<ProxyFault & { kind: "delay" }>({
      kind: fc.constant("delay"),
      request: fc.integer({ min: 0, max: 40 }),
      answer: fc.integer({ min: 0, max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record<ProxyFault & { kind: "cut before" }>({ kind: fc.constant("cut before"), reset: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record<ProxyFault & { kind: "cut after" }>({
      kind: fc.constant("cut after"),
      reset: fc.boolean(),
      atOnce: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record<ProxyFault & { kind: "cut within" }>({
      kind: fc.constant("cut within"),
      reset: fc.boolean(),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record<ProxyFault & { kind: "answer" }>({
        kind: fc.constant("answer"),
        status: fc.constantFrom(502, 503),
        retryAfter: fc.constantFrom(null, 0, 0, 1),
        forwarded: fc.boolean(),
      }),
      // It means that the request was not carried out: RFC 6585 §4.
      fc.constant<ProxyFault>({ kind: "answer", status: 429, retryAfter: 0, forwarded: false }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record<ProxyFault & { kind: "late" }>({
      kind: fc.constant("late"),
      cut: fc.constantFrom(true, true, true, false),
      after: fc.integer({ min: 0, max: 400 }),
    }),
  },
);

export function planOf(seed: number): Plan {
  return fc.sample(plan, { seed, numRuns: 1 })[0] as Plan;
}

/** @returns a function that draws the fault of the next request. */
export function faultsOf(seed: number): () => ProxyFault {
  const stream = fc.sample(fc.infiniteStream(fault), { seed, numRuns: 1 })[0] as fc.Stream<ProxyFault>;
  return () => stream.next().value;
}

/** @returns a function that draws the next number from 0 to `max`. */
export function numbersOf(seed: number, max: number): () => number {
  const stream = fc.sample(fc.infiniteStream(fc.integer({ min: 0, max })), { seed, numRuns: 1 })[0];
  return () => (stream as fc.Stream<number>).next().value;
}
