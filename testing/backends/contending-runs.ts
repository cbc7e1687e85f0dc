import type { Claim, HeldLock, StartAnswer } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import type { Swap } from "../../src/store/job-store.ts";
import { MemoryStore } from "../stores/memory-store.ts";

export const NOON = Date.parse("2026-11-24T12:00:00Z");
export const HOURLY: StartRequest = { jobName: "report", jobInterval: HOUR };
export const DEADLINE = deadlineIn(60_000);
export const HOLDER = {
  repository: "octo-org/reports",
  runUrl: "https://github.com/octo-org/reports/actions/runs/1",
};

/** The error of a start whose id, `ours`, was used before. */
export const SPENT = {
  name: "ArgumentError",
  code: "spent-lock-id",
  field: "lockId",
  message: 'lockId "ours" cannot be granted again: its run has ended, or its start was abandoned',
};

/** A store in which a test can act right before a swap, and change its answer. */
class EventfulStore extends MemoryStore {
  swaps = 0;
  reads = 0;
  beforeSwap: (state: JobState) => Promise<unknown> = async () => {};
  answer: (swap: Swap) => Swap = (swap) => swap;

  override async read(names: readonly string[]) {
    this.reads++;
    return super.read(names);
  }

  override async swap(expected: string | null, state: JobState): Promise<Swap> {
    this.swaps++;
    await this.beforeSwap(state);
    return this.answer(await super.swap(expected, state));
  }

  beforeNextSwap(act: (state: JobState) => Promise<unknown>): void {
    this.beforeSwap = (state) => {
      this.beforeSwap = async () => {};
      return act(state);
    };
  }

  /** The caller does not know whether the next swap was made. @param then Called instead of the answer. */
  loseNextAnswer(then = () => {}): void {
    this.answer = () => {
      this.answer = (swap) => swap;
      then();
      return { version: null, effect: "possible" };
    };
  }
}

/** The backends of two runs that start the same job, over the same documents. */
export class ContendingRuns {
  now = NOON;
  readonly #documents = new Map<string, { version: string; json: string }>();
  readonly store = new EventfulStore(this.#documents);
  readonly backend = new LocalBackend({ store: this.store, now: () => this.now, log: () => {} });
  readonly other = new LocalBackend({ store: this.storeOfOther(), now: () => this.now, log: () => {} });

  /** @returns a store that does not take part in the events of {@link store}. */
  storeOfOther(): MemoryStore {
    return new MemoryStore(this.#documents);
  }

  async stateNow(jobName = HOURLY.jobName): Promise<JobState | undefined> {
    return (await this.store.read([jobName])).records.get(jobName)?.state;
  }

  /** Replaces the document with an equal one of another version, as another run does. */
  async touch(): Promise<void> {
    const record = (await this.store.read([HOURLY.jobName])).records.get(HOURLY.jobName);
    await this.storeOfOther().swap(record?.version ?? null, record?.state ?? newJobState(HOURLY.jobName));
  }
}

export function claim(lockId: string, more: Partial<Claim> = {}): Claim {
  return { lockId, holder: HOLDER, idempotencyKey: "key", ...more };
}

export async function started(by: LocalBackend, lockId: string, request = HOURLY): Promise<HeldLock> {
  return lockOf(await by.start(request, claim(lockId), DEADLINE));
}

export function lockOf(answer: StartAnswer): HeldLock {
  if (!answer.started || answer.lock === null) throw new Error(`No lock was taken: ${JSON.stringify(answer)}`);
  return answer.lock;
}
