import { expect } from "@jest/globals";
import { LockLostError } from "../../src/backend/job-backend.ts";
import type { LockLoss } from "../../src/scheduler/lock-loss.ts";

/** @returns how the lock of a call was lost. Any other outcome fails the test. */
export async function lossOn(call: Promise<unknown>): Promise<LockLoss> {
  return (await lostBy(call)).loss;
}

/** @returns the error of a call that has to find its lock lost. */
export async function lostBy(call: Promise<unknown>): Promise<LockLostError> {
  const error = await call.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(LockLostError);
  return error as LockLostError;
}
