import { ArgumentError } from "./argument-error.ts";

const MAX_LENGTH = 255;

/**
 * Checks a job's name, which is its only identity: well-formed Unicode of 1 to 255 characters (code points).
 *
 * @returns `name`, unchanged.
 * @throws ArgumentError
 */
export function checkJobName(name: string): string {
  if (name === "") throw new ArgumentError("The job name is empty: give each job a name of its own");
  const length = [...name].length;
  if (length > MAX_LENGTH) {
    throw new ArgumentError(
      `The job name ${JSON.stringify(`${name.slice(0, 40)}…`)} has ${length} characters: give one of at most ${MAX_LENGTH}`,
    );
  }
  // UTF-8 has no bytes for a lone surrogate, so two names that differ only there would become one job.
  if (!name.isWellFormed()) {
    throw new ArgumentError(`The job name ${JSON.stringify(name)} isn't well-formed Unicode: give one that is`);
  }
  return name;
}
