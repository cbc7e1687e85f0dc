import { appendFileSync } from "node:fs";
import { messageOf } from "../error-message.ts";
import type { Surroundings } from "../toolkit.ts";
import { LONGEST_SUMMARY } from "./summary-cells.ts";

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

/**
 * @param head The lines before the rows.
 * @param rest The bytes to keep for the lines after the rows.
 * @returns the first rows, as many as a summary has room for.
 */
export function fittingRows(head: readonly string[], rows: readonly string[], rest: number): readonly string[] {
  let length = head.reduce((sum, line) => sum + sizeOf(line), rest);
  const tooLong = rows.findIndex((row) => {
    length += sizeOf(row);
    return length > LONGEST_SUMMARY;
  });
  return tooLong === -1 ? rows : rows.slice(0, tooLong);
}

/** @returns bytes, with the line break. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
