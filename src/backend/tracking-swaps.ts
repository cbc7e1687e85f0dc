import { type Effect, ServiceError, strongerEffect } from "../errors/service-error.ts";
import type { JobStore } from "../store/job-store.ts";

/**
 * Runs one call of a backend, and tracks the effect of its swaps. Once a swap was made, or may have been made, an error of
 * the call has the effect `possible`. The error of the step that failed, such as a read, has only its own effect.
 *
 * @param call Gets the function by which it makes all of its swaps.
 * @throws The error of `call`, with that effect.
 */
export async function trackingSwaps<T>(store: JobStore, call: (swap: JobStore["swap"]) => Promise<T>): Promise<T> {
  let effect: Effect = "none";
  try {
    return await call(async (...args) => {
      const swap = await store.swap(...args);
      effect = strongerEffect(effect, swap.version === null ? swap.effect : "possible");
      return swap;
    });
  } catch (error) {
    throw error instanceof ServiceError ? error.withEffect(effect) : error;
  }
}
