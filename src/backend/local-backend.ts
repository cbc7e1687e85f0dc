import { ArgumentError } from "../errors/argument-error.ts";
import { type Effect, strongerEffect } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import { type Decision, decide, type Granted } from "../scheduler/decide.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { abandon, finish, grantLock, interrupt } from "../scheduler/job-transitions.ts";
import type { NotStarted } from "../scheduler/not-started.ts";
import { type PreparedStart, prepareStart, type StartRequest } from "../scheduler/start-request.ts";
import { isLockIdUsed, type JobState, type Lock, newJobState } from "../scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading } from "../store/job-store.ts";
import { readEach } from "../store/read-each.ts";
import {
  type Claim,
  type HeldLock,
  type JobBackend,
  type JobStates,
  LockLostError,
  type StartAnswer,
} from "./job-backend.ts";

/** After this many lost swaps in a row other runs keep taking the job, so it is reported as active. */
const MOST_LOST_SWAPS = 5;

/** Decides in this process, over a store: reads, decides, swaps. */
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
      const { records } = names.length === 0 ? NOTHING_READ : await this.#store.read(names, deadline);
      const record = records.get(jobName) ?? null;
      if (record !== null && !noLock) {
        // This claim's own lock: the answer to its swap was lost, or the caller repeats the start.
        const { active } = record.state;
        if (active !== null && isOwn(active, claim)) return startedWith(active, record);
        checkUnspent(record.state, claim);
      }

      const now = this.#now();
      const decision = this.#decide(prepared, records, now);
      if (!decision.started) return decision;
      if (noLock) return { ...decision, jobName, createdAt: now, updatedAt: now, lock: null };
      if (lostSwaps === MOST_LOST_SWAPS) return CONTESTED;

      const lock = lockFor(decision, claim, now);
      const { begun } = decision;
      const state = grantLock(record?.state ?? newJobState(jobName), { lock, begun, schedule: prepared.recorded });
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
      const record = await this.#read(jobName, deadline);
      const state = record?.state ?? newJobState(jobName);
      // Where the lock is not there, the document is replaced all the same. A swap of the start that arrives later expects
      // the version that it read, and loses; a start that arrives later at a server finds its id abandoned.
      const abandoned = abandon(state, id, this.#now());
      const { version } = await this.#store.swap(record?.version ?? null, abandoned.state, deadline);
      if (version !== null) return abandoned.held;
    }
  }

  async status(jobName: string, deadline: Deadline): Promise<JobState | null> {
    return (await this.#read(checkJobName(jobName), deadline))?.state ?? null;
  }

  async states(deadline: Deadline): Promise<JobStates> {
    const names = await this.#store.list(deadline);
    const { records, damaged } = await readEach(this.#store, names, deadline);
    return { states: names.flatMap((name) => records.get(name)?.state ?? []), damaged };
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #decide(prepared: PreparedStart, records: ReadonlyMap<string, JobRecord>, now: Instant): Decision {
    const states = new Map([...records].map(([name, { state }]) => [name, state]));
    return decide(prepared, states.get(prepared.jobName) ?? null, states, now);
  }

  async #end(lock: HeldLock, ending: "finished" | "interrupted", deadline: Deadline): Promise<void> {
    let record = lock.record ?? (await this.#read(lock.jobName, deadline));
    const end = ending === "finished" ? finish : interrupt;
    for (let effect: Effect = "none"; ; ) {
      const ended = end(record?.state ?? newJobState(lock.jobName), lock.id, this.#now());
      if (record === null || ended.state === null) {
        const loss = ended.refusal ?? { ending: "unknown" };
        // A swap whose answer was lost ended the run. Without one, another caller did, even if it ended the same way.
        if (effect === "possible" && loss.ending === ending) return;
        throw new LockLostError(lock, loss);
      }
      const swap = await this.#store.swap(record.version, ended.state, deadline);
      if (swap.version !== null) return;
      effect = strongerEffect(effect, swap.effect);
      record = await this.#read(lock.jobName, deadline);
    }
  }

  async #read(jobName: string, deadline: Deadline): Promise<JobRecord | null> {
    return (await this.#store.read([jobName], deadline)).records.get(jobName) ?? null;
  }
}

const NOTHING_READ: Reading = { records: new Map(), now: null };

/** Other runs took the job before each of this start's swaps. */
const CONTESTED: NotStarted = {
  started: false,
  reason: "active",
  id: null,
  since: null,
  updatedAt: null,
  holder: null,
  retryAt: null,
};

function isOwn(lock: Lock, { lockId, idempotencyKey }: Claim): boolean {
  return lock.id === lockId || (idempotencyKey !== null && lock.idempotencyKey === idempotencyKey);
}

/** A spent id comes with a request that was delayed on its way: its caller has given up, so a grant would orphan the lock. */
function checkUnspent(state: JobState, { lockId }: Claim): void {
  if (!isLockIdUsed(state, lockId)) return;
  throw new ArgumentError("spent-lock-id", {
    field: "lockId",
    value: lockId,
    problem: "cannot be granted again: its run has ended, or its start was abandoned",
  });
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
