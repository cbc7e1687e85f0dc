import fc from "fast-check";
import { type Decision, decide } from "../../src/scheduler/decide.ts";
import type { Duration } from "../../src/scheduler/duration.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { abandon, finish, grantLock, interrupt, type Transition } from "../../src/scheduler/job-transitions.ts";
import { renew, resume, skip } from "../../src/scheduler/rare-transitions.ts";
import { readState } from "../../src/scheduler/read-state-document.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";
import { type CatchUp, type PreparedStart, prepareStart } from "../../src/scheduler/start-request.ts";
import { isLockIdUsed, type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import { anyInterval, duration, ZONES, zoneAndInstant } from "../generators/zones-and-intervals.ts";

export const JOB = "report";
const REQUIRED = ["before", "beside"] as const;

interface Settings {
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  readonly startBuffer: number | Duration;
  readonly retryInterval?: number | Duration;
  readonly catchUp?: CatchUp;
  /** The first interval starts this long before or after the history begins. */
  readonly startsIn?: number;
  readonly requiredJobNames: readonly string[];
}

/** One event of a history. */
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

/** An event about the id of one start. `by` counts back from the newest id, 0. The id of the next start is -1. */
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
/** The id may be that of the next start, whose request arrives after its caller has abandoned it. */
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

/** One step of a history: an event, and the job's state before and after it. */
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
  const job = new PlayedJob(from, await requestOf(first, from));
  for (const event of events) {
    const before = job.state;
    const attempt = await job.play(event);
    if (attempt === null) continue;
    // Every state is a document that can be read again.
    job.state = readState(JSON.parse(JSON.stringify(job.state)), JOB);
    const { now, state: after, request, required } = job;
    steps.push({ event: event.is, now, before, after, ...attempt, request, required });
  }
  return steps;
}

type Attempt = Pick<Step, "id" | "done" | "decision">;

const DONE: Attempt = { id: null, done: true, decision: null };

/** A job whose state the events of a history change. */
class PlayedJob {
  state = newJobState(JOB);
  now: Instant;
  request: PreparedStart;
  required: ReadonlyMap<string, JobState | null> = new Map();
  readonly #from: Instant;
  /** The instant that the last refusal named. */
  #dueAt: Instant;
  /** The ids that ever asked for a lock, the newest first. */
  readonly #ids: string[] = [];

  constructor(from: Instant, request: PreparedStart) {
    this.now = from;
    this.#from = from;
    this.#dueAt = from;
    this.request = request;
  }

  /** @returns null for an event of an id that does not exist. */
  async play(event: Event): Promise<Attempt | null> {
    switch (event.is) {
      case "start":
        return this.#start(this.#newId(), null);
      case "skip": {
        const from = Date.parse(this.state.finishedUntil ?? toIso(this.now - DAY));
        const until = Math.round(from - HOUR + event.share * (this.now + 2 * HOUR - from));
        return this.#changed(null, skip(this.state, until, this.now));
      }
      case "wait":
        this.now += event.ms;
        return DONE;
      case "wait until due":
        this.now = Math.max(this.now, this.#dueAt);
        return DONE;
      case "required jobs finish": {
        const finishedUntil = toIso(this.now - event.behind);
        this.required = new Map(REQUIRED.map((name) => [name, { ...newJobState(name), finishedUntil }]));
        return DONE;
      }
      case "change":
        this.request = await requestOf(event.settings, this.#from);
        return DONE;
      default: {
        const id = event.by < 0 ? `lock-${this.#ids.length}` : this.#ids[event.by];
        return id === undefined ? null : this.#playForId(event.is, id);
      }
    }
  }

  #playForId(is: EventOfAnId["is"], id: string): Attempt {
    const { state, now } = this;
    switch (is) {
      case "start again":
        return this.#start(id, null);
      case "take over": {
        const lock = state.active;
        return this.#start(this.#newId(), lock && { id: lock.id, updatedAt: Date.parse(lock.updatedAt) });
      }
      case "finish":
        return this.#changed(id, finish(state, id, now));
      case "interrupt":
        return this.#changed(id, interrupt(state, id, now));
      case "renew":
        return this.#changed(id, renew(state, id, now));
      case "resume":
        return this.#changed(id, resume(state, { id, holder: null, now }));
      case "abandon":
        this.state = abandon(state, id, now).state;
        return { ...DONE, id };
    }
  }

  #newId(): string {
    const id = `lock-${this.#ids.length}`;
    this.#ids.unshift(id);
    return id;
  }

  /** Starts as a backend does: an active lock of this id is the start's own, and a used id is refused. */
  #start(id: string, takeOver: PreparedStart["takeOver"]): Attempt {
    const { state, request, now } = this;
    if (state.active?.id === id || isLockIdUsed(state, id)) return { id, done: false, decision: null };
    const decision = decide({ ...request, takeOver }, state, this.required, now);
    if (decision.started) this.state = granted(state, { id, decision, request, now });
    else if (decision.reason === "active") this.#dueAt = decision.retryAt ?? this.#dueAt;
    else if (decision.reason === "not-due") this.#dueAt = decision.dueAt ?? this.#dueAt;
    return { id, done: decision.started, decision };
  }

  #changed(id: string | null, { state }: Transition<unknown>): Attempt {
    this.state = state ?? this.state;
    return { id, done: state !== null, decision: null };
  }
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
