import { ServiceError } from "../../errors/service-error.ts";

/** Whether a rule or a hook refused an update. Its words are free text, so an update that is a fast-forward may still succeed. */
export function isRefusedByRule(error: unknown): error is ServiceError {
  return error instanceof ServiceError && (error.code === "update-refused" || error.code === "not-fast-forward");
}
