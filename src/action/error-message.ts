import { oneLine } from "../backend/one-line.ts";

/** @returns an error's message and remedy, on one line. */
export async function messageOf(error: unknown): Promise<string> {
  // Loaded only here: most steps meet no error.
  const { actionMessage } = await import(/* webpackChunkName: "failure" */ "./remedies.ts");
  return oneLine(actionMessage(error));
}
