import { sha256 } from "./sha256.ts";

/** The namespace of all jobs' refs. It has no branches and no tags, so clones, fetches, builds and lists leave it out. */
export const REF_PREFIX = "refs/cronyx/";

const LONGEST_READABLE = 60;

/**
 * The ref that holds a job's state document: the readable part of the name, then 128 bits of the name's SHA-256. So every
 * name makes a valid ref (`git check-ref-format`), two names never share one, lower-case ASCII stays distinct on every file
 * system, and no ref is in the folder of another.
 *
 * @see https://git-scm.com/docs/git-check-ref-format
 */
export function refOf(jobName: string): string {
  const readable = jobName
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, LONGEST_READABLE)
    .replace(/-$/, "");
  const digest = sha256(jobName).slice(0, 32);
  return `${REF_PREFIX}${readable === "" ? "job" : readable}-${digest}`;
}
