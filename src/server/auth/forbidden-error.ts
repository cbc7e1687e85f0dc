import { ArgumentError } from "../../errors/argument-error.ts";

/** An argument that the caller's credentials do not allow. Access control runs before the body of a request is read. */
export class ForbiddenError extends ArgumentError {
  override name = "ForbiddenError";
}
