import type { Deadline } from "../network/deadline.ts";
import { ArgumentError } from "../scheduler/argument-error.ts";
import { decide, type Granted, type Refused } from "../scheduler/decide.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../scheduler/start-request.ts";
import {
  abandonStart,
  endRun,
  grantLock,
  isLockIdUsed,
  type JobState,
  type Lock,
  newJobState,
} from "../scheduler/state-document.ts";
import type { JobRecord, JobStore } from "../store/job-store.ts";
import { readEach } from "../store/read-each.ts";
import {
  type Claim,
  type HeldLock,
  type JobBackend,
  type JobStates,
  LockLostError,
  type NotStarted,
  type StartAnswer,
} from "./job-backend.ts";
import { lossOf } from "./lock-loss.ts";

/** After so many lost swaps in a row the job is busy enough to be called active. */
const MOST_LOST_SWAPS = 5;

/** Decides here, over a store: read, decide, swap. */
export class LocalBackend implements JobBackend {
  readonly #store: JobStore;
  readonly #now: () => Instant;

  constructor(store: JobStore, now: () => Instant) {
    this.#store = store;
    this.#now = now;
  }

  async start(request: StartRequest, claim: Claim, deadline: Deadline): Promise<StartAnswer> {
    const prepared = await prepareStart(request);
    const { jobName, requiredJobNames, noLock } = prepared;
    // A chosen interval is granted whatever the job's state.
    const names = prepared.jobIntervalStartedAt === null ? [jobName, ...requiredJobNames] : [];

    for (let lostSwaps = 0; ; lostSwaps++) {
      const records = names.length === 0 ? NO_RECORDS : await this.#store.read(names, deadline);
      const record = records.get(jobName) ?? null;
      const active = record?.state.active ?? null;
      // Our own lock: the answer to its swap got lost, or the caller asks for it again.
      if (record !== null && active !== null && !noLock && isOwn(active, claim)) return startedWith(active, record);

      // A request that came late, through a server: nobody waits for its answer any more, or ever will.
      if (record !== null && !noLock && isLockIdUsed(record.state, claim.lockId)) {
        throw new ArgumentError(
          `The lock id ${claim.lockId} can't be granted again, its run having ended or been given up: give each start an id of its own`,
        );
      }

      const now = this.#now();
      const decision = this.#decide(prepared, records, now);
      if (!decision.granted) return refusal(decision);
      if (noLock) {
        const { granted: _, ...interval } = decision;
        return { started: true, jobName, ...interval, createdAt: now, updatedAt: now, lock: null };
      }
      if (lostSwaps === MOST_LOST_SWAPS) {
        return { started: false, reason: "active", since: null, holder: null, retryAt: null };
      }

      const lock = lockFor(decision, claim, now);
      const state = grantLock(record?.state ?? newJobState(jobName), lock);
      claim.beforeTaking?.();
      const { version } = await this.#store.swap(record?.version ?? null, state, deadline);
      if (version !== null) return startedWith(lock, { version, state });
    }
  }

  finish(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "finished", deadline);
  }

  interrupt(lock: HeldLock, deadline: Deadline): Promise<void> {
    return this.#end(lock, "interrupted", deadline);
  }

  async abandon({ jobName, id }: HeldLock, deadline: Deadline): Promise<boolean> {
    for (;;) {
      const record = (await this.#store.read([jobName], deadline)).get(jobName) ?? null;
      const state = record?.state ?? newJobState(jobName);
      const held = state.active?.id === id;
      // Where the lock isn't there (yet), the document is replaced all the same: a swap that is still on its way
      // expects the version that it read, and finds another one. A start that is still on its way to where it is
      // decided finds its lock's id given up.
      const next = held ? endRun(state, "interrupted", this.#now()) : abandonStart(state, id);
      const { version } = await this.#store.swap(record?.version ?? null, next, deadline);
      if (version !== null) return held;
    }
  }

  async status(jobName: string, deadline: Deadline): Promise<JobState | null> {
    return (await this.#read(checkJobName(jobName), deadline))?.state ?? null;
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const names = await this.#store.list(deadline);
    const { records, unreadable } = await readEach(this.#store, names, deadline);
    return { states: names.flatMap((name) => records.get(name)?.state ?? []), unreadable };
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #decide(prepared: PreparedStart, records: ReadonlyMap<string, JobRecord>, now: Instant): Granted | Refused {
    const states = new Map([...records].map(([name, { state }]) => [name, state]));
    return decide(prepared, states.get(prepared.jobName) ?? null, states, now);
  }

  async #end(lock: HeldLock, outcome: "finished" | "interrupted", deadline: Deadline): Promise<void> {
    let record = lock.record ?? (await this.#read(lock.jobName, deadline));
    for (let mayHaveEnded = false; ; ) {
      if (record?.state.active?.id !== lock.id) {
        const loss = lossOf(lock.id, record?.state ?? null);
        // Our own end, whose answer got lost. Of ends of the same kind that race, only one has ended the run.
        if (mayHaveEnded && loss.to === (outcome === "finished" ? "finish" : "interrupt")) return;
        throw new LockLostError(
          `The lock ${lock.id} of the job ${JSON.stringify(lock.jobName)} isn't active any more`,
          loss,
        );
      }
      const state = endRun(record.state, outcome, this.#now());
      const swap = await this.#store.swap(record.version, state, deadline);
      if (swap.version !== null) return;
      mayHaveEnded ||= swap.unsettled;
      record = await this.#read(lock.jobName, deadline);
    }
  }

  async #read(jobName: string, deadline: Deadline): Promise<JobRecord | null> {
    return (await this.#store.read([jobName], deadline)).get(jobName) ?? null;
  }
}

const NO_RECORDS: ReadonlyMap<string, JobRecord> = new Map();

function isOwn(lock: Lock, { lockId, idempotencyKey }: Claim): boolean {
  return lock.id === lockId || (idempotencyKey !== null && lock.idempotencyKey === idempotencyKey);
}

function lockFor({ intervalStartedAt, intervalEndedAt }: Granted, claim: Claim, now: Instant): Lock {
  return {
    id: claim.lockId,
    intervalStartedAt: toIso(intervalStartedAt),
    intervalEndedAt: toIso(intervalEndedAt),
    createdAt: toIso(now),
    updatedAt: toIso(now),
    holder: claim.holder,
    idempotencyKey: claim.idempotencyKey,
  };
}

function startedWith(lock: Lock, record: JobRecord): StartAnswer {
  const jobName = record.state.name;
  return {
    started: true,
    jobName,
    intervalStartedAt: Date.parse(lock.intervalStartedAt),
    intervalEndedAt: Date.parse(lock.intervalEndedAt),
    createdAt: Date.parse(lock.createdAt),
    updatedAt: Date.parse(lock.updatedAt),
    lock: { jobName, id: lock.id, record },
  };
}

function refusal(refused: Refused): NotStarted {
  switch (refused.reason) {
    case "active": {
      const { lock, retryAt } = refused;
      return { started: false, reason: "active", since: Date.parse(lock.createdAt), holder: lock.holder, retryAt };
    }
    case "not-due":
      return { started: false, reason: "not-due", dueAt: refused.dueAt };
    case "required-job": {
      const { jobName, finishedUntil, neededUntil } = refused;
      return { started: false, reason: "required-job", jobName, finishedUntil, neededUntil };
    }
  }
}
