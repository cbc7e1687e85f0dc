import { randomUUID } from "node:crypto";
import { readState, StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { commitOf, type GitObject, messageOf } from "./objects.ts";

/**
 * A state document as a commit's message: a line for people, then the document as JSON.
 *
 * @param at For the commit's date, which is for people too.
 */
export function documentCommit(state: JobState, at: number): GitObject {
  // Two racers that push one and the same commit both succeed: git finds nothing to do for the second. So no two
  // commits may ever be the same, even of equal states.
  const document = { ...state, revision: randomUUID() };
  return commitOf(`${subject(state)}\n\n${JSON.stringify(document, null, 2)}\n`, at);
}

/** @throws StateError when the commit holds no state document of this job. */
export function stateInCommit(commit: GitObject, jobName: string): JobState {
  return readState(documentIn(commit), jobName);
}

/** @returns the name that the document gives itself. Only for finding out which jobs there are. */
export function jobNameInCommit(commit: GitObject): string {
  const document = documentIn(commit);
  const name = typeof document === "object" && document !== null && "name" in document ? document.name : undefined;
  if (typeof name !== "string") throw new StateError("its document has no name");
  return name;
}

/** The document stands after the subject, in which a job's name may hold braces too; or alone, if written by hand. */
function documentIn(commit: GitObject): unknown {
  if (commit.type !== "commit") throw new StateError(`it is a ${commit.type}, not a commit`);
  const message = messageOf(commit.body);
  const afterSubject = message.indexOf("\n\n{");
  if (afterSubject === -1 && !message.startsWith("{")) throw new StateError("its message holds no JSON document");
  try {
    return JSON.parse(message.slice(Math.max(0, afterSubject)));
  } catch (cause) {
    throw new StateError("its message is cut short, or no JSON", { cause });
  }
}

function subject({ name, active, finishedUntil }: JobState): string {
  const readable = name.replace(/[\p{C}\s]+/gu, " ").slice(0, 60);
  if (active) return `${readable}: running for ${active.intervalStartedAt} to ${active.intervalEndedAt}`;
  return finishedUntil === null ? `${readable}: nothing finished yet` : `${readable}: finished until ${finishedUntil}`;
}
