import fc from "fast-check";
import { type Decision, decide } from "../../src/scheduler/decide.ts";
import type { Duration } from "../../src/scheduler/duration.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/job-interval.ts";
import {
  abandon,
  finish,
  grantLock,
  interrupt,
  renew,
  resume,
  skip,
  type Transition,
} from "../../src/scheduler/job-transitions.ts";
import { readState } from "../../src/scheduler/read-state-document.ts";
import { type CatchUp, type PreparedStart, prepareStart } from "../../src/scheduler/start-request.ts";
import { isLockIdUsed, type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import { anyInterval, duration, ZONES, zoneAndInstant } from "../generators/zones-and-intervals.ts";

export const JOB = "report";
const REQUIRED = ["before", "beside"] as const;

export interface Settings {
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  readonly startBuffer: number | Duration;
  readonly retryInterval?: number | Duration;
  readonly catchUp?: CatchUp;
  /** The first interval starts this long before or after the history begins. */
  readonly startsIn?: number;
  readonly requiredJobNames: readonly string[];
}

/** What happens next. */
type Event =
  | { readonly is: "start" }
  | EventOfAnId
  /** Skips to an instant that lies this far between an hour before the progress and an hour after now. */
  | { readonly is: "skip"; readonly share: number }
  | { readonly is: "wait"; readonly ms: number }
  /** Waits until the instant that the last refusal named. */
  | { readonly is: "wait until due" }
  /** The required jobs get this far behind now. */
  | { readonly is: "required jobs finish"; readonly behind: number }
  | { readonly is: "change"; readonly settings: Settings };

/** `by` counts back from the newest of all ids that ever asked for a lock: 0. */
interface EventOfAnId {
  readonly is: "start again" | "take over" | "finish" | "interrupt" | "renew" | "resume" | "abandon";
  readonly by: number;
}

const wait = fc.oneof(fc.constantFrom(0, MINUTE, HOUR), fc.nat(3 * DAY), duration);
const settings: fc.Arbitrary<Settings> = fc.record(
  {
    jobInterval: anyInterval,
    timezone: fc.constantFrom(...ZONES),
    startBuffer: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: wait }),
    retryInterval: wait,
    catchUp: fc.constantFrom("each", "merge", "latest"),
    startsIn: fc.integer({ min: -2 * DAY, max: HOUR }),
    requiredJobNames: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray([...REQUIRED]) },
    ),
  },
  { requiredKeys: ["jobInterval", "timezone", "startBuffer", "requiredJobNames"] },
);

const by = fc.constantFrom(0, 0, 0, 0, 1, 2, 5);
/** Also the id of the next start, whose request may arrive after its caller has abandoned it. */
const abandoned = fc.record({ is: fc.constant("abandon" as const), by: fc.constantFrom(-1, -1, 0, 0, 1, 2, 5) });
const ofAnId = (is: EventOfAnId["is"]): fc.Arbitrary<Event> => fc.record({ is: fc.constant(is), by });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Event>({ is: "start" }) },
  { weight: 5, arbitrary: ofAnId("finish") },
  { weight: 3, arbitrary: ofAnId("interrupt") },
  { weight: 1, arbitrary: ofAnId("start again") },
  { weight: 1, arbitrary: ofAnId("take over") },
  { weight: 1, arbitrary: ofAnId("renew") },
  { weight: 3, arbitrary: ofAnId("resume") },
  { weight: 1, arbitrary: abandoned },
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant("skip" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 4, arbitrary: fc.constant<Event>({ is: "wait until due" }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("wait" as const),
      ms: fc.oneof(fc.constantFrom(1, MINUTE, HOUR, DAY, 31 * DAY), fc.nat(3 * DAY)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant("required jobs finish" as const),
      behind: fc.oneof(fc.constant(0), fc.nat(3 * DAY)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("change" as const), settings }) },
);

/** One step of a history: what was tried, and the job's state before and after it. */
export interface Step {
  readonly event: Event["is"];
  readonly now: Instant;
  readonly before: JobState;
  readonly after: JobState;
  /** The id that the step used. */
  readonly id: string | null;
  /** Whether the rules allowed it. */
  readonly done: boolean;
  readonly decision: Decision | null;
  readonly request: PreparedStart;
  /** The states of the required jobs. */
  readonly required: ReadonlyMap<string, JobState | null>;
}

/** Histories of one job over the pure rules: any settings, failures, takeovers, skips and delayed requests. */
export const histories: fc.Arbitrary<() => Promise<readonly Step[]>> = fc
  .tuple(zoneAndInstant, settings, fc.array(event, { minLength: 20, maxLength: 50, size: "max" }))
  .map(([{ instant }, first, events]) => {
    const played = () => play(instant, first, events);
    return Object.assign(played, { [fc.toStringMethod]: () => JSON.stringify({ now: toIso(instant), first, events }) });
  });

async function play(from: Instant, first: Settings, events: readonly Event[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  let [now, state, settings]: [Instant, JobState, Settings] = [from, newJobState(JOB), first];
  let request = await requestOf(settings, from);
  let required: ReadonlyMap<string, JobState | null> = new Map();
  let dueAt = from;
  const ids: string[] = [];

  for (const event of events) {
    let [id, done, decision]: [string | null, boolean, Decision | null] = [null, true, null];
    const before = state;
    const taken = (transition: Transition<unknown>) => {
      done = transition.state !== null;
      state = transition.state ?? state;
    };
    if ("by" in event) {
      id = event.by < 0 ? `lock-${ids.length}` : (ids[event.by] ?? null);
      if (id === null) continue;
    }
    switch (event.is) {
      case "start":
      case "start again":
      case "take over": {
        if (event.is !== "start again") {
          id = `lock-${ids.length}`;
          ids.unshift(id);
        }
        // As a backend does it: an active lock of this id is the start's own, and a used id is refused.
        if (id === null || state.active?.id === id || isLockIdUsed(state, id)) {
          done = false;
          break;
        }
        const lock = state.active;
        const takeOver =
          event.is === "take over" && lock !== null ? { id: lock.id, updatedAt: Date.parse(lock.updatedAt) } : null;
        decision = decide({ ...request, takeOver }, state, required, now);
        done = decision.started;
        if (decision.started) state = granted(state, { id, decision, request, now });
        else if (decision.reason === "active") dueAt = decision.retryAt ?? dueAt;
        else if (decision.reason === "not-due") dueAt = decision.dueAt ?? dueAt;
        break;
      }
      case "finish":
        taken(finish(state, id ?? "", now));
        break;
      case "interrupt":
        taken(interrupt(state, id ?? "", now));
        break;
      case "renew":
        taken(renew(state, id ?? "", now));
        break;
      case "resume":
        taken(resume(state, { id: id ?? "", holder: null, now }));
        break;
      case "abandon":
        state = abandon(state, id ?? "", now).state;
        break;
      case "skip": {
        const from = Date.parse(state.finishedUntil ?? toIso(now - DAY));
        taken(skip(state, Math.round(from - HOUR + event.share * (now + 2 * HOUR - from)), now));
        break;
      }
      case "wait":
        now += event.ms;
        break;
      case "wait until due":
        now = Math.max(now, dueAt);
        break;
      case "required jobs finish": {
        const finishedUntil = toIso(now - event.behind);
        required = new Map(REQUIRED.map((name) => [name, { ...newJobState(name), finishedUntil }]));
        break;
      }
      case "change":
        settings = event.settings;
        request = await requestOf(settings, from);
        break;
    }
    // Every state is a document that can be read again.
    state = readState(JSON.parse(JSON.stringify(state)), JOB);
    steps.push({ event: event.is, now, before, after: state, id, done, decision, request, required });
  }
  return steps;
}

function requestOf({ startsIn, ...settings }: Settings, from: Instant): Promise<PreparedStart> {
  return prepareStart({ jobName: JOB, ...settings, ...(startsIn !== undefined && { startsAt: from + startsIn }) });
}

interface Granting {
  readonly id: string;
  readonly decision: Decision & { readonly started: true };
  readonly request: PreparedStart;
  readonly now: Instant;
}

/** @returns the state after a grant, as a backend writes it. */
export function granted(state: JobState, { id, decision, request, now }: Granting): JobState {
  const lock = {
    id,
    intervalStartedAt: toIso(decision.intervalStartedAt),
    intervalEndedAt: toIso(decision.intervalEndedAt),
    createdAt: toIso(now),
    updatedAt: toIso(now),
    holder: null,
    idempotencyKey: null,
  };
  return grantLock(state, { lock, begun: decision.begun, schedule: request.recorded });
}
