import { appendFileSync } from "node:fs";
import { messageOf } from "../error-message.ts";
import type { Surroundings } from "../toolkit.ts";

/** Appends a text to the summary of the step. No failure of it fails the step. */
export async function appendSummary(
  text: () => string,
  { toolkit, env }: Pick<Surroundings, "toolkit" | "env">,
): Promise<void> {
  if (!env.GITHUB_STEP_SUMMARY) return;
  try {
    appendFileSync(env.GITHUB_STEP_SUMMARY, text());
  } catch (error) {
    toolkit.debug(`The summary was not written: ${await messageOf(error)}`);
  }
}
