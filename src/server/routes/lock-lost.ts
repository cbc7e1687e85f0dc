import { LockLostError } from "../../backend/job-backend.ts";

/** Whether the end of a lock came through; false if that lock isn't the job's active one. */
export async function falseIfLockLost(end: Promise<void>): Promise<boolean> {
  try {
    await end;
    return true;
  } catch (error) {
    if (error instanceof LockLostError) return false;
    throw error;
  }
}
