import { ServiceError } from "../errors/service-error.ts";
import { readState, StateError } from "../scheduler/read-state-document.ts";
import type { JobState } from "../scheduler/state-document.ts";

/**
 * Reads a state document that a store holds as JSON text.
 *
 * @param place The store, for messages.
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
