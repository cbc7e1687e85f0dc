import { ArgumentError } from "./argument-error.ts";

const LONGEST = 255;

/**
 * @returns `name`, which is a job's only identity: any text of 1 to 255 characters.
 * @throws ArgumentError
 */
export function checkJobName(name: string): string {
  if (name === "") throw new ArgumentError("The job name is empty: give each job a name of its own");
  const length = [...name].length;
  if (length > LONGEST) {
    throw new ArgumentError(
      `The job name ${JSON.stringify(`${name.slice(0, 40)}…`)} has ${length} characters: give one of at most ${LONGEST}`,
    );
  }
  // A lone surrogate has no UTF-8: two names that differ in nothing else would be one job.
  if (!name.isWellFormed()) {
    throw new ArgumentError(`The job name ${JSON.stringify(name)} isn't well-formed Unicode: give one that is`);
  }
  return name;
}
