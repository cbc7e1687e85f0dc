/** What the caller asked for can't be: refused before anything is read, sent or written, whatever the job's state. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}
