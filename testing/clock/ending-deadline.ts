import { deadlineIn } from "../../src/network/deadline.ts";

/** A deadline that passes when the test calls `pass`. */
export function endingDeadline() {
  const caller = new AbortController();
  return { deadline: deadlineIn(60_000, caller.signal), pass: () => caller.abort() };
}
