import { ServiceError } from "../../errors/service-error.ts";
import { readState, StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";

/**
 * The key of a job's row: the UTF-8 bytes of its name. Bytes compare the same in every collation, and may be NUL, which
 * PostgreSQL's text may not.
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
 * @throws ServiceError `document-damaged`
 */
export function stateIn(document: string, jobName: string, place: string): JobState {
  try {
    return readState(parsed(document), jobName);
  } catch (cause) {
    if (!(cause instanceof StateError)) throw cause;
    throw new ServiceError("document-damaged", {
      place: `The state document of the job ${JSON.stringify(jobName)} in ${place}`,
      problem: `is damaged (${cause.message})`,
      effect: "none",
      cause,
    });
  }
}

function parsed(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch (cause) {
    throw new StateError("it is not JSON", { cause });
  }
}
