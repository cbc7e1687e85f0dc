import { ArgumentError } from "../../errors/argument-error.ts";

/** An argument that the caller's credentials do not allow. Access control cannot see it, since it is in the body. */
export class ForbiddenError extends ArgumentError {
  override name = "ForbiddenError";
}
