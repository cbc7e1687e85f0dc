/** An argument that is invalid whatever the job's state. Thrown before anything is read, sent or written. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}
