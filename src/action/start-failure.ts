import { ServiceError } from "../errors/service-error.ts";
import { messageOf } from "./error-message.ts";
import { freeByHand } from "./messages.ts";
import type { Toolkit } from "./toolkit.ts";

/** Reports why the main step failed, and what becomes of a lock that it may have taken. */
export async function reportStartFailure(error: unknown, toolkit: Toolkit): Promise<void> {
  if (error instanceof Error && error.cause !== undefined) toolkit.debug(`Cause: ${await messageOf(error.cause)}`);
  const message = await messageOf(error);
  toolkit.setFailed(
    error instanceof ServiceError && error.effect === "possible"
      ? `${message}. The lock may have been taken, and the post step tries to release it: if that fails too, ${freeByHand()}`
      : message,
  );
}
