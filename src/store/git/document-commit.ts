import { randomUUID } from "node:crypto";
import { readState, StateError } from "../../scheduler/read-state-document.ts";
import type { JobState } from "../../scheduler/state-document.ts";
import { commitOf, type GitObject, messageInCommit, type ObjectId } from "./objects.ts";

/**
 * A state document in git. Once a repository has refused an update that was not a fast-forward, the job's documents are
 * `chained`: each commit has the commit before it as its parent.
 */
type GitDocument = JobState & { readonly chained?: unknown };

export function isChained(state: GitDocument): boolean {
  return state.chained === true;
}

export function chained(state: JobState): GitDocument {
  return { ...state, chained: true };
}

/**
 * Makes a commit whose message is a line for people, followed by the state document as JSON.
 *
 * @param at The commit's date, for people.
 * @param parent For a chained document.
 */
export function documentCommit(state: JobState, at: number, parent: ObjectId | null = null): GitObject {
  // If two callers pushed the same commit, both pushes would succeed, since git has nothing to do for the second one. So no two
  // commits may be the same, even for equal states.
  const document = { ...state, revision: randomUUID() };
  return commitOf(`${subject(state)}\n\n${JSON.stringify(document, null, 2)}\n`, at, parent);
}

/** @throws StateError when the commit holds no state document of this job. */
export function stateInCommit(commit: GitObject, jobName: string): JobState {
  return readState(documentIn(commit), jobName);
}

/** @returns the job's name that the document has, for a list of all jobs. The rest of the document is not checked. */
export function jobNameInCommit(commit: GitObject): string {
  const document = documentIn(commit);
  const name = typeof document === "object" && document !== null && "name" in document ? document.name : undefined;
  if (typeof name !== "string") throw new StateError("its document has no name");
  return name;
}

/** The document follows the subject, whose job name may contain braces too. A person may have written it without a subject. */
function documentIn(commit: GitObject): unknown {
  if (commit.type !== "commit") throw new StateError(`it is a ${commit.type}, not a commit`);
  const message = messageInCommit(commit.body);
  const afterSubject = message.indexOf("\n\n{");
  if (afterSubject === -1 && !message.startsWith("{")) throw new StateError("its message has no JSON document");
  try {
    return JSON.parse(message.slice(Math.max(0, afterSubject)));
  } catch (cause) {
    throw new StateError("its message is cut short, or not JSON", { cause });
  }
}

function subject({ name, active, finishedUntil }: JobState): string {
  // V8 takes 0.3 ms to compile a Unicode property escape. Names in ASCII need none: their only blank is the space.
  const blanks = /^[ -~]*$/.test(name) ? / +/g : /[\p{C}\s]+/gu;
  const readable = name.replace(blanks, " ").slice(0, 60);
  if (active) return `${readable}: running for ${active.intervalStartedAt} to ${active.intervalEndedAt}`;
  return finishedUntil === null ? `${readable}: nothing finished yet` : `${readable}: finished until ${finishedUntil}`;
}
