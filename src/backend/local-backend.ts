import { type Effect, strongerEffect } from "../errors/service-error.ts";
import { type Deadline, monotonicNow } from "../network/deadline.ts";
import { behindAfter, type Decision, decide } from "../scheduler/decide.ts";
import type { Instant } from "../scheduler/instant.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { abandon, finish, grantLock, interrupt, type Transition } from "../scheduler/job-transitions.ts";
import type { LockLoss } from "../scheduler/lock-loss.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../scheduler/start-request.ts";
import { type Holder, type JobState, type Lock, newJobState } from "../scheduler/state-document.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import { type JobRecord, type JobStore, type Reading, statesIn } from "../store/job-store.ts";
import { checkStateLength, checkUnused, lockFor } from "./claimed-lock.ts";
import { CONTESTED } from "./contested.ts";
import { DecisionClock } from "./decision-clock.ts";
import {
  type ActiveLock,
  type Claim,
  type HeldLock,
  type JobBackend,
  type JobStates,
  LockLostError,
  type StartAnswer,
} from "./job-backend.ts";
import { isStale } from "./stale-lock.ts";
import { activeLock, startedWith, startedWithoutLock } from "./started.ts";
import { trackingSwaps } from "./tracking-swaps.ts";

/** A start that loses this many swaps in a row answers that the job is active: other runs keep taking it. */
const MOST_LOST_SWAPS = 5;

interface LocalBackendOptions {
  readonly store: JobStore;
  /** The clock of this machine, for stores that have none. */
  readonly now: () => Instant;
  /** In milliseconds, from any point in time. It never goes back. */
  readonly monotonic?: () => number;
  readonly log: (line: string) => void;
}

/** Decides in this process, over a store: reads, decides, swaps. */
export class LocalBackend implements JobBackend {
  readonly #store: JobStore;
  readonly #clock: DecisionClock;
  readonly #monotonic: () => number;

  constructor({ store, now, log, monotonic = monotonicNow }: LocalBackendOptions) {
    this.#store = store;
    this.#clock = new DecisionClock({ local: now, log });
    this.#monotonic = monotonic;
  }

  async start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    const prepared = await prepareStart(request);
    return trackingSwaps(this.#store, (swap) => this.#start(prepared, claim, { swap, deadline }));
  }

  async #start(
    prepared: PreparedStart,
    claim: Claim,
    { swap, deadline }: { readonly swap: JobStore["swap"]; readonly deadline: Deadline },
  ): Promise<StartAnswer> {
    const { jobName, noLock } = prepared;

    for (let lostSwaps = 0; ; lostSwaps++) {
      const { records, now, age } = await this.#readFor(prepared, deadline);
      const record = records.get(jobName) ?? null;
      if (record !== null && !noLock) {
        // This claim's own lock: the answer to its swap was lost, or the caller repeats the start.
        const { active } = record.state;
        if (active?.id === claim.lockId) {
          const behind = behindAfter(Date.parse(active.intervalEndedAt), prepared, now);
          const updatedAt = Date.parse(active.updatedAt);
          if (!isStale(prepared, updatedAt, now - updatedAt + age())) return startedWith(active, record, behind);
          return this.#startedLate(prepared, { lock: active, record, behind }, deadline);
        }
        checkUnused(record.state, claim);
      }

      const decision = this.#decide(prepared, records, now);
      if (!decision.started) return decision;
      if (noLock) return startedWithoutLock(jobName, decision, now);
      if (lostSwaps === MOST_LOST_SWAPS) return CONTESTED;

      const lock = lockFor(decision, claim, now);
      const { begun, behind } = decision;
      const state = grantLock(record?.state ?? newJobState(jobName), { lock, begun, schedule: prepared.recorded });
      checkStateLength(state, [lock.holder, prepared.recorded], "jobInterval");
      claim.beforeTaking?.();
      const { version } = await swap(record?.version ?? null, state, deadline);
      if (version === null) continue;
      const granted = { version, state };
      if (!isStale(prepared, now, age())) return startedWith(lock, granted, behind);
      return this.#startedLate(prepared, { lock, record: granted, behind }, deadline);
    }
  }

  finish(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "finished", deadline);
  }

  interrupt(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "interrupted", deadline);
  }

  async abandon({ jobName, id }: HeldLock, deadline: Deadline): Promise<boolean> {
    return trackingSwaps(this.#store, async (swap) => {
      for (;;) {
        const record = await this.#read(jobName, deadline);
        // The swap replaces the document even if the start holds no lock. A swap of the start that arrives later expects the
        // version that the start read, and loses. A start that arrives later at a server finds its id abandoned.
        const { state, held } = abandon(record?.state ?? newJobState(jobName), id, this.#clock.now());
        const { version } = await swap(record?.version ?? null, state, deadline);
        if (version !== null) return held;
      }
    });
  }

  async renew(lock: HeldLock, deadline: Deadline): Promise<ActiveLock> {
    return (await this.#renew(lock, deadline)).renewed;
  }

  async resume(lock: HeldLock, holder: Holder | null, deadline: Deadline): Promise<ActiveLock> {
    const { resume } = await loadRareTransitions();
    return this.#change(lock, deadline, (state, now) => {
      const { state: resumed, refusal } = resume(state, { id: lock.id, holder, now });
      if (refusal === null) {
        checkStateLength(resumed, holder, "holder");
        return resumed;
      }
      throw new LockLostError(lock, refusal.loss, { grantedSince: refusal.grantedSince?.holder ?? null });
    });
  }

  async skip(jobName: string, until: Instant, deadline: Deadline): Promise<JobStatus> {
    checkJobName(jobName);
    const { skip } = await loadRareTransitions();
    const { skipError } = await import(/* webpackChunkName: "rare" */ "./skip-error.ts");
    return trackingSwaps(this.#store, async (swap) => {
      for (;;) {
        const record = await this.#read(jobName, deadline);
        const { state, refusal } = skip(record?.state ?? newJobState(jobName), until, this.#clock.now());
        if (refusal !== null) throw skipError(jobName, until, refusal);
        // A repeated call changes nothing.
        if (state === record?.state) return this.#statusOf(state, deadline);
        const { version } = await swap(record?.version ?? null, state, deadline);
        if (version !== null) return this.#statusOf(state, deadline);
      }
    });
  }

  async status(jobName: string, deadline: Deadline): Promise<JobStatus | null> {
    const record = await this.#read(checkJobName(jobName), deadline);
    return record && this.#statusOf(record.state, deadline);
  }

  now(): Instant {
    return this.#clock.now();
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const { allStatuses } = await import("./job-statuses.ts");
    return allStatuses(this.#store, this.#clock, deadline);
  }

  async remove(jobName: string, deadline: Deadline): Promise<boolean> {
    checkJobName(jobName);
    return (await this.#store.remove?.(jobName, deadline)) ?? false;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /**
   * Reads all that a start depends on.
   *
   * @returns the records, the instant of the reading, and a function for the longest time that can have passed since.
   */
  async #readFor({ jobName, requiredJobNames, jobIntervalStartedAt }: PreparedStart, deadline: Deadline) {
    // A chosen interval is granted whatever the job's state.
    const names = jobIntervalStartedAt === null ? [jobName, ...requiredJobNames] : [];
    // The store read its clock while the request was in flight. Since then the answer may have waited for this process.
    const since = this.#monotonic();
    const { records, now: storeNow }: Reading =
      names.length === 0 ? NOTHING_READ : await this.#store.read(names, deadline);
    const now = this.#clock.read(storeNow);
    return { records, now, age: () => this.#age(now, since) };
  }

  /**
   * @param now An instant by this backend's clock.
   * @param since The monotonic clock at that instant or earlier.
   * @returns the longest time that can have passed since that instant.
   */
  #age(now: Instant, since: number): number {
    // The monotonic clock stands still while a machine sleeps, and the other clock may be set.
    return Math.max(this.#monotonic() - since, this.#clock.now() - now);
  }

  #decide(prepared: PreparedStart, records: ReadonlyMap<string, JobRecord>, now: Instant): Decision {
    const states = statesIn(records);
    return decide(prepared, states.get(prepared.jobName) ?? null, states, now);
  }

  /**
   * The process was paused, or the answer was late: another run may have taken the lock over already, or may do so at any
   * moment. So the lock is renewed before its run starts, until a renewal is confirmed in time.
   */
  async #startedLate(
    prepared: PreparedStart,
    { lock, record, behind }: { readonly lock: Lock; readonly record: JobRecord; readonly behind: number },
    deadline: Deadline,
  ): Promise<StartAnswer> {
    const held = { jobName: prepared.jobName, id: lock.id, record };
    try {
      for (;;) {
        const { renewed, now, age } = await this.#renew(held, deadline);
        if (isStale(prepared, now, age)) continue;
        return { ...startedWith(lock, renewed.lock.record ?? record, behind), updatedAt: renewed.updatedAt };
      }
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
      const { records, now } = await this.#readFor(prepared, deadline);
      const decision = this.#decide(prepared, records, now);
      // The lock's id is spent, so this start can take no other lock.
      return decision.started ? CONTESTED : decision;
    }
  }

  /** @returns the renewed lock, the instant that the renewal recorded, and the longest time that can have passed since. */
  async #renew(lock: HeldLock, deadline: Deadline) {
    const { renew } = await loadRareTransitions();
    const since = this.#monotonic();
    let renewedAt = 0;
    const renewed = await this.#change(lock, deadline, (state, now) => {
      renewedAt = now;
      const { state: renewed, refusal } = renew(state, lock.id, now);
      if (refusal !== null) throw new LockLostError(lock, refusal);
      return renewed;
    });
    return { renewed, now: renewedAt, age: this.#age(renewedAt, since) };
  }

  async #end(lock: HeldLock, ending: "finished" | "interrupted", deadline: Deadline): Promise<void> {
    const end = ending === "finished" ? finish : interrupt;
    return trackingSwaps(this.#store, async (swap) => {
      let record = lock.record ?? (await this.#read(lock.jobName, deadline));
      for (let effect: Effect = "none"; ; ) {
        const ended: Transition<LockLoss> = end(stateOf(record, lock), lock.id, this.#clock.now());
        if (ended.state === null) {
          // A swap whose answer was lost ended the run. Without one, another caller did, even if it ended the same way.
          if (effect === "possible" && ended.refusal.ending === ending) return;
          throw new LockLostError(lock, ended.refusal);
        }
        const made = await swap(record?.version ?? null, ended.state, deadline);
        if (made.version !== null) return;
        effect = strongerEffect(effect, made.effect);
        record = await this.#read(lock.jobName, deadline);
      }
    });
  }

  /** Changes an active lock. After a lost swap it changes the lock as it is then. */
  async #change(
    lock: HeldLock,
    deadline: Deadline,
    change: (state: JobState, now: Instant) => JobState,
  ): Promise<ActiveLock> {
    return trackingSwaps(this.#store, async (swap) => {
      for (;;) {
        const record = await this.#read(lock.jobName, deadline);
        const state = change(stateOf(record, lock), this.#clock.now());
        const { version } = await swap(record?.version ?? null, state, deadline);
        if (version === null || state.active === null) continue;
        return activeLock(state.active, { version, state });
      }
    });
  }

  async #statusOf(state: JobState, deadline: Deadline): Promise<JobStatus> {
    // Loaded only here: a start needs no status.
    const { statusOf } = await import("./job-statuses.ts");
    return statusOf(state, this.#store, { clock: this.#clock, deadline });
  }

  async #read(jobName: string, deadline: Deadline): Promise<JobRecord | null> {
    const { records, now } = await this.#store.read([jobName], deadline);
    this.#clock.read(now);
    return records.get(jobName) ?? null;
  }
}

const NOTHING_READ: Reading = { records: new Map(), now: null };

function stateOf(record: JobRecord | null, { jobName }: HeldLock): JobState {
  return record?.state ?? newJobState(jobName);
}

/** Loaded only here: most runs neither renew, skip nor resume. */
function loadRareTransitions() {
  return import(/* webpackChunkName: "rare" */ "../scheduler/rare-transitions.ts");
}
