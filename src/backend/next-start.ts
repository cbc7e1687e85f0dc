import type { CatchUp } from "../scheduler/start-request.ts";

/** @param catchUp The policy of the start. Null: not known. @returns what the next start gets after an interrupted run. */
export function nextStart(catchUp: CatchUp | null): string {
  switch (catchUp) {
    case "merge":
      return "the next start gets an interval that starts at the same instant";
    case "latest":
      return "the next start gets the latest interval that is due by then";
    case "each":
      return "the next start gets the same interval";
    case null:
      return "the next start decides again from the start of its interval";
  }
}
