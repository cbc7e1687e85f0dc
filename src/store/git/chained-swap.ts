import { ServiceError, strongerEffect } from "../../errors/service-error.ts";
import type { Swap } from "../job-store.ts";
import { isRefusedByRule } from "./refused-by-rule.ts";

interface ChainedSwap {
  /** The refusal of a commit without a parent. */
  readonly refusal: ServiceError;
  /** The repository's address, for messages. */
  readonly place: string;
  readonly log: (line: string) => void;
}

/**
 * Swaps in a repository that allows only fast-forward updates.
 *
 * @param swap Swaps by a commit that has the old one as its parent.
 */
export async function swapChained(swap: () => Promise<Swap>, { refusal, place, log }: ChainedSwap): Promise<Swap> {
  log(`${refusal.message}; trying again with the commit before it as its parent`);
  try {
    return await swap();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (!(isRefusedByRule(error) && refusal.code === "not-fast-forward")) throw error.withEffect(refusal.effect);
    throw new ServiceError("updates-not-allowed", {
      place,
      problem: `${error.problem}, although the update was fast-forward`,
      effect: strongerEffect(refusal.effect, error.effect),
      ref: error.ref ?? undefined,
      cause: error,
    });
  }
}
