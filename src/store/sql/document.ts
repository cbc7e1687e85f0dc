import { readState, StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { StoreError } from "../job-store.ts";

/**
 * The key of a job's row: the bytes of its name. Compared byte by byte, whatever the database's collation, and free to
 * hold the character NUL.
 */
export function keyOf(jobName: string): Buffer {
  return Buffer.from(jobName, "utf8");
}

export function jobNameOf(key: Uint8Array): string {
  return Buffer.from(key).toString("utf8");
}

/**
 * @param document The state document, as JSON.
 * @param place The database, for messages.
 * @throws StoreError `damaged` when it can't be read.
 */
export function stateIn(document: string, jobName: string, place: string): JobState {
  try {
    return readState(parsed(document), jobName);
  } catch (cause) {
    if (!(cause instanceof StateError)) throw cause;
    throw new StoreError(
      "damaged",
      `The state document of the job ${JSON.stringify(jobName)} in ${place} can't be used: ${cause.message}. Nothing was changed: mend or remove its row in the table cronyx_job`,
      { cause },
    );
  }
}

function parsed(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new StateError("it is no JSON", { cause });
  }
}
