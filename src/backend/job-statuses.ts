import type { ServiceError } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import type { JobState } from "../scheduler/state-document.ts";
import { type JobStatus, whatComesNext } from "../scheduler/what-comes-next.ts";
import { type JobStore, statesIn } from "../store/job-store.ts";
import { readEach } from "../store/read-each.ts";
import type { DecisionClock } from "./decision-clock.ts";
import type { JobStates } from "./job-backend.ts";

/** Reads the jobs that a job requires, and computes the job's next start from all of these states. */
export async function statusOf(
  state: JobState,
  store: JobStore,
  { clock, deadline }: { readonly clock: DecisionClock; readonly deadline: Deadline },
): Promise<JobStatus> {
  const names = state.schedule?.requiredJobNames ?? [];
  const required = names.length === 0 ? new Map() : statesIn((await readEach(store, names, deadline)).records);
  return { state, next: await whatComesNext({ state, required, now: clock.now() }) };
}

export async function allStatuses(store: JobStore, clock: DecisionClock, deadline: Deadline): Promise<JobStates> {
  const nameless: ServiceError[] = [];
  const names = await store.list(deadline, (error) => nameless.push(error));
  const { records, damaged, now: storeNow } = await readEach(store, names, deadline);
  const all = statesIn(records);
  const now = storeNow === null ? clock.now() : clock.read(storeNow);
  const jobs: JobStatus[] = [];
  for (const state of all.values()) jobs.push({ state, next: await whatComesNext({ state, required: all, now }) });
  return { jobs, damaged, nameless };
}
