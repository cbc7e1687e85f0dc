import { createHash } from "node:crypto";

/** Where jobs' refs stand. Neither a branch nor a tag, so that nothing lists, fetches or builds them. */
export const REF_PREFIX = "refs/cronyx/";

const LONGEST_READABLE = 60;

/**
 * The ref that holds a job's state document: what is readable of its name, then 128 bits of the name's SHA-256. So any
 * name makes a ref that git takes (`git check-ref-format`), in lower-case ASCII, which every file system keeps apart;
 * no two names share one, and all stand side by side in one folder.
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
  const digest = createHash("sha256").update(jobName, "utf8").digest("hex").slice(0, 32);
  return `${REF_PREFIX}${readable === "" ? "job" : readable}-${digest}`;
}
