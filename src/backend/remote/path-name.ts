import { ArgumentError } from "../../errors/argument-error.ts";

/**
 * A URL resolves segments of dots before it is sent, percent-encoded ones too.
 *
 * @see https://url.spec.whatwg.org/#double-dot-path-segment
 */
export function checkPathName(jobName: string): string {
  if (jobName !== "." && jobName !== "..") return jobName;
  throw new ArgumentError("invalid-job-name", {
    field: "jobName",
    value: jobName,
    problem: "cannot be part of a URL's path, which a CronyxServer needs",
  });
}
