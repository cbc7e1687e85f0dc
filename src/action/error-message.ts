import { oneLine } from "../backend/one-line.ts";

/** @returns an error's message and remedy, on one line. Without the remedy if the action's files cannot be read. */
export async function messageOf(error: unknown): Promise<string> {
  try {
    // Loaded only here: most steps meet no error.
    const { actionMessage } = await import(/* webpackChunkName: "failure" */ "./remedies.ts");
    return oneLine(actionMessage(error));
  } catch {
    return oneLine(error instanceof Error ? error.message : String(error));
  }
}
