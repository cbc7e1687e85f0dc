import { ArgumentError } from "../errors/argument-error.ts";
import { type Instant, toIso } from "../scheduler/instant.ts";
import type { SkipRefusal } from "../scheduler/rare-transitions.ts";
import { JobActiveError } from "./job-backend.ts";

/** @returns the error for a skip that the rules refuse. */
export function skipError(jobName: string, until: Instant, refusal: SkipRefusal): Error {
  switch (refusal.reason) {
    case "active": {
      const { holder, createdAt } = refusal.lock;
      return new JobActiveError(jobName, { holder, since: Date.parse(createdAt) });
    }
    case "in-future":
      return new ArgumentError("cannot-skip", {
        field: "until",
        value: toIso(until),
        problem: "is in the future",
        expected: "an instant that has passed",
      });
    case "passed":
      return new ArgumentError("cannot-skip", {
        field: "until",
        value: toIso(until),
        problem: `is not after ${toIso(refusal.after)}, where the next interval of the job starts`,
        expected: "a later instant",
      });
  }
}
