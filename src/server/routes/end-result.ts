import { LockLostError } from "../../backend/job-backend.ts";

/** Turns a {@link LockLostError} into false: the lock is no longer active, so the end changed nothing. */
export async function falseIfLockLost(end: Promise<void>): Promise<boolean> {
  try {
    await end;
    return true;
  } catch (error) {
    if (error instanceof LockLostError) return false;
    throw error;
  }
}
