import { ArgumentError } from "../../errors/argument-error.ts";

/**
 * `URL` removes the segments `.` and `..` from a path, percent-encoded ones too. So no path can hold these two names.
 *
 * @see https://url.spec.whatwg.org/#double-dot-path-segment
 */
export function checkPathName(jobName: string): string {
  if (jobName !== "." && jobName !== "..") return jobName;
  throw new ArgumentError("invalid-job-name", {
    field: "jobName",
    value: jobName,
    problem: "cannot be part of a URL's path, which a CronyxServer needs",
    expected: "another name",
  });
}
