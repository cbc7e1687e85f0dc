import { type Effect, ServiceError, strongerEffect } from "../errors/service-error.ts";
import type { JobStore } from "../store/job-store.ts";

/**
 * Makes the swaps of one call. If a later step fails, its error has the effect `possible` once a swap was made or may have
 * been made: the step alone cannot know.
 *
 * @throws What `call` throws.
 */
export async function swapsOfACall<T>(store: JobStore, call: (swap: JobStore["swap"]) => Promise<T>): Promise<T> {
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
