import { ArgumentError } from "../errors/argument-error.ts";

const MAX_LENGTH = 255;

/**
 * Checks a job's name, which is its only identity: well-formed Unicode of 1 to 255 characters (code points).
 *
 * @param field The argument that holds the name.
 * @returns `name`, unchanged.
 * @throws ArgumentError
 */
export function checkJobName(name: string, field = "jobName"): string {
  const expected = "1 to 255 characters of well-formed Unicode";
  const invalid = (value: string, problem: string) =>
    new ArgumentError("invalid-job-name", { field, value, problem, expected });
  if (name === "") throw invalid(name, "is empty");
  const length = [...name].length;
  if (length > MAX_LENGTH) {
    throw invalid(`${name.slice(0, 40)}…`, `has ${length} characters`);
  }
  // UTF-8 has no bytes for a lone surrogate, so two names that differ only there would become one job.
  if (!name.isWellFormed()) throw invalid(name, "is not well-formed Unicode");
  return name;
}
