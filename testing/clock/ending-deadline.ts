import { deadlineIn } from "../../src/network/deadline.ts";

/** A deadline that passes as soon as the test says so. */
export function endingDeadline() {
  const caller = new AbortController();
  return { deadline: deadlineIn(60_000, caller.signal), pass: () => caller.abort() };
}
