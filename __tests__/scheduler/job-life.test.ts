import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type HeldLock, LockLostError, type StartAnswer } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { delayOf } from "../../src/scheduler/delay.ts";
import type { Duration } from "../../src/scheduler/duration.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { JobInterval } from "../../src/scheduler/schedule.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { anyInterval, duration, ZONES, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

const DEADLINE = deadlineIn(600_000);
const JOB = "report";

/** An event in the life of a job. */
type Event =
  | { readonly is: "start" }
  /** An end by the run with the newest lock, 0, or by an older run, which has lost its lock. */
  | { readonly is: "finish" | "interrupt"; readonly by: number; readonly remembers: boolean }
  /** The clock moves on. */
  | { readonly is: "wait"; readonly ms: number }
  /** The clock moves on to the `dueAt` or `retryAt` of the last refusal. */
  | { readonly is: "wait for retry" }
  | { readonly is: "change"; readonly settings: Settings };

interface Settings {
  readonly jobInterval: JobInterval;
  readonly timezone: string;
  readonly startBuffer: number | Duration;
  readonly retryInterval?: number | Duration;
}

const wait = fc.oneof(fc.constantFrom(0, MINUTE, HOUR), fc.nat(3 * DAY), duration);
const settings: fc.Arbitrary<Settings> = fc.record(
  {
    jobInterval: anyInterval,
    timezone: fc.constantFrom(...ZONES),
    startBuffer: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: wait }),
    retryInterval: wait,
  },
  { requiredKeys: ["jobInterval", "timezone", "startBuffer"] },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Event>({ is: "start" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constantFrom("finish" as const, "finish" as const, "interrupt" as const),
      by: fc.constantFrom(0, 0, 0, 1, 2, 5),
      remembers: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant<Event>({ is: "wait for retry" }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("wait" as const),
      ms: fc.oneof(fc.constantFrom(1, MINUTE, HOUR, DAY, 31 * DAY, 366 * DAY), fc.nat(3 * DAY)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("change" as const), settings }) },
);

interface Held {
  readonly lock: HeldLock;
  readonly from: Instant;
  readonly to: Instant;
  readonly updatedAt: Instant;
}

/** Plays events on a job, and checks it against its own record of them. */
class Play {
  readonly happened: Record<string, number>;
  readonly #documents = new Map<string, { version: string; json: string }>();
  readonly #backend = new LocalBackend({
    store: new MemoryStore(this.#documents),
    now: () => this.#now,
    monotonic: () => this.#now,
    log: () => {},
  });
  #now: Instant;
  #settings: Settings;
  #mayStartAt: Instant | null = null;
  #runs: Held[] = [];
  #active: Held | null = null;
  #finishedUntil: Instant | null = null;
  readonly #ended = new Map<Held, "finish" | "interrupt">();

  constructor(now: Instant, first: Settings, happened: Record<string, number>) {
    this.#now = now;
    this.#settings = first;
    this.happened = happened;
  }

  async play(event: Event): Promise<void> {
    switch (event.is) {
      case "start":
        await this.#start();
        break;
      case "finish":
      case "interrupt":
        await this.#end(event.is, event.by, event.remembers);
        break;
      case "wait":
        this.#now += event.ms;
        break;
      case "wait for retry":
        this.#now = Math.max(this.#now, this.#mayStartAt ?? this.#now);
        break;
      case "change":
        this.#settings = event.settings;
        break;
    }
    this.#check();
  }

  async #start(): Promise<void> {
    const claim = { lockId: `lock-${this.#runs.length}`, holder: null, idempotencyKey: "key" };
    const answer = await this.#backend.start({ jobName: JOB, ...this.#settings }, claim, DEADLINE);
    if (answer.started) {
      await this.#started(answer);
      return;
    }
    expect(answer.reason === "active").toBe(this.#active !== null && !(await this.#mayBeTakenOver(this.#active)));
    this.#mayStartAt = answer.reason === "active" ? answer.retryAt : answer.reason === "not-due" ? answer.dueAt : null;
    this.#count(answer.reason);
  }

  async #started({ lock, intervalStartedAt: from, intervalEndedAt: to }: StartAnswer & { started: true }) {
    if (lock === null) throw new Error("Expected a lock");
    expect(to).toBeGreaterThan(from);
    expect(to).toBeLessThanOrEqual(this.#now);
    if (this.#finishedUntil !== null) expect(toIso(from)).toBe(toIso(this.#finishedUntil));
    if (this.#active !== null) {
      expect(await this.#mayBeTakenOver(this.#active)).toBe(true);
      expect(toIso(from)).toBe(toIso(this.#active.from));
    }
    this.#count(this.#active === null ? "granted" : "taken over");
    this.#active = { lock, from, to, updatedAt: this.#now };
    this.#runs.unshift(this.#active);
  }

  async #mayBeTakenOver({ updatedAt }: Held): Promise<boolean> {
    const { retryInterval, timezone } = this.#settings;
    if (retryInterval === undefined) return false;
    return (await delayOf("The retry interval", retryInterval, timezone)).after(updatedAt) <= this.#now;
  }

  async #end(by: "finish" | "interrupt", index: number, remembers: boolean): Promise<void> {
    const run = this.#runs[index];
    if (run === undefined) return;
    const end = this.#backend[by](remembers ? run.lock : { ...run.lock, record: null }, DEADLINE);
    if (run !== this.#active) {
      const error = await end.catch((error) => error);
      // A run may repeat its own end, because only the answer may have been lost.
      if (!(remembers && this.#ended.get(run) === by)) expect(error).toBeInstanceOf(LockLostError);
      this.#count("lost its lock");
      return;
    }
    await end;
    this.#active = null;
    this.#ended.set(run, by);
    if (by === "finish") this.#finishedUntil = run.to;
    this.#count(by);
  }

  /** The state document agrees with the record. */
  #check(): void {
    const document = this.#documents.get(JOB);
    const { active = null, finishedUntil = null } = document ? (JSON.parse(document.json) as JobState) : {};
    expect(active?.id).toBe(this.#active?.lock.id);
    expect(finishedUntil).toBe(this.#finishedUntil === null ? null : toIso(this.#finishedUntil));
  }

  #count(what: string): void {
    this.happened[what] = (this.happened[what] ?? 0) + 1;
  }
}

test("finished intervals of a job tile time, each with one holder at a time, whatever happens", async () => {
  const happened: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      zoneAndInstant,
      settings,
      fc.array(event, { minLength: 30, maxLength: 60, size: "max" }),
      async ({ instant }, first, events) => {
        const play = new Play(instant, first, happened);
        for (const event of events) await play.play(event);
      },
    ),
    { numRuns: 50 },
  );
  // Each kind of event must have happened often. Otherwise the property would show little.
  const all = ["granted", "taken over", "finish", "interrupt", "lost its lock", "active", "not-due"];
  expect(all.filter((what) => (happened[what] ?? 0) < 20)).toEqual([]);
});

describe("runs that race", () => {
  /** A store whose reads answer late and whose swaps take effect late, in any order. */
  class SlowStore extends MemoryStore {
    readonly #scheduler: fc.Scheduler;

    constructor(documents: Map<string, { version: string; json: string }>, scheduler: fc.Scheduler) {
      super(documents);
      this.#scheduler = scheduler;
    }

    override async read(names: readonly string[]) {
      const reading = await super.read(names);
      await this.#scheduler.schedule(Promise.resolve(), "read");
      return reading;
    }

    override async swap(expected: string | null, state: JobState) {
      await this.#scheduler.schedule(Promise.resolve(), "swap");
      return super.swap(expected, state);
    }
  }

  const HOURLY: StartRequest = { jobName: JOB, jobInterval: "0 * * * *", retryInterval: 15 * MINUTE };
  const TEN = Date.parse("2026-03-04T10:00:00Z");

  /** A job that was first started at 10:00. */
  async function jobLeft(as: "new" | "finished" | "active") {
    const documents = new Map<string, { version: string; json: string }>();
    let now = TEN;
    const clock = { now: () => now, set: (to: Instant) => (now = to) };
    const alone = new LocalBackend({
      store: new MemoryStore(documents),
      now: clock.now,
      monotonic: clock.now,
      log: () => {},
    });
    if (as === "new") return { documents, clock, holder: null };
    const answer = await alone.start(HOURLY, { lockId: "lock-0", holder: null, idempotencyKey: "key" }, DEADLINE);
    if (!answer.started || answer.lock === null) throw new Error("Expected a grant");
    if (as === "finished") await alone.finish(answer.lock, DEADLINE);
    return { documents, clock, holder: answer.lock };
  }

  const starts = (backends: LocalBackend[]) =>
    backends.map((backend, index) =>
      backend.start(HOURLY, { lockId: `lock-${index + 1}`, holder: null, idempotencyKey: "key" }, DEADLINE),
    );

  test.each([
    ["a job's first interval", "new", TEN, "09:00"],
    ["the interval that is due", "finished", TEN + HOUR, "10:00"],
    ["one of several that are due", "finished", TEN + 5 * HOUR, "10:00"],
    ["a takeover", "active", TEN + 15 * MINUTE, "09:00"],
  ] as const)("for %s have exactly one winner", async (_, left, now, from) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 6 }), async (scheduler, count) => {
        const { documents, clock } = await jobLeft(left);
        clock.set(now);
        const racers = Array.from(
          { length: count },
          () =>
            new LocalBackend({
              store: new SlowStore(documents, scheduler),
              now: clock.now,
              monotonic: clock.now,
              log: () => {},
            }),
        );
        const answers = await scheduler.waitFor(Promise.all(starts(racers)));
        const [winner, ...others] = answers.filter(({ started }) => started);
        expect(others).toEqual([]);
        expect(winner).toMatchObject({ intervalStartedAt: Date.parse(`2026-03-04T${from}:00Z`) });
        expect(answers.filter((answer) => !answer.started && answer.reason === "active").length).toBe(count - 1);
      }),
      { numRuns: 100 },
    );
  });

  test("to finish an interval and to take it over have exactly one winner", async () => {
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { documents, clock, holder } = await jobLeft("active");
        if (holder === null) throw new Error("Expected an active lock");
        clock.set(TEN + 15 * MINUTE);
        const backend = new LocalBackend({
          store: new SlowStore(documents, scheduler),
          now: clock.now,
          monotonic: clock.now,
          log: () => {},
        });
        const finish = backend.finish(holder, DEADLINE).then(
          () => true,
          (error) => expect(error).toBeInstanceOf(LockLostError),
        );
        const [finished, takeover] = await scheduler.waitFor(Promise.all([finish, ...starts([backend])]));
        if (finished) expect(takeover).toMatchObject({ started: false, reason: "not-due" });
        else expect(takeover).toMatchObject({ started: true, intervalStartedAt: TEN - HOUR });
        outcomes.add(finished ? "finished" : "taken over");
      }),
      { numRuns: 100 },
    );
    expect(outcomes.size).toBe(2);
  });

  test("to interrupt an interval and to take it over leave the lock to the new run", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { documents, clock, holder } = await jobLeft("active");
        if (holder === null) throw new Error("Expected an active lock");
        clock.set(TEN + 15 * MINUTE);
        const backend = new LocalBackend({
          store: new SlowStore(documents, scheduler),
          now: clock.now,
          monotonic: clock.now,
          log: () => {},
        });
        const interrupt = backend.interrupt(holder, DEADLINE).catch((error) => {
          expect(error).toBeInstanceOf(LockLostError);
        });
        const [, takeover] = await scheduler.waitFor(Promise.all([interrupt, ...starts([backend])]));
        expect(takeover).toMatchObject({ started: true, lock: { id: "lock-1" } });
        expect(JSON.parse(documents.get(JOB)?.json ?? "")).toMatchObject({ active: { id: "lock-1" } });
      }),
      { numRuns: 100 },
    );
  });
});
