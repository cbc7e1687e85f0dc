import { ServiceError } from "../../errors/service-error.ts";

/** Whether a rule or a hook refused. A hook's words are free text, so the reason may be that the update is no fast-forward. */
export function isRefusedByRule(error: unknown): error is ServiceError {
  return error instanceof ServiceError && (error.code === "update-refused" || error.code === "not-fast-forward");
}
