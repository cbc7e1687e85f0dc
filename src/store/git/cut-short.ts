import { CutShortError, type Packet, packets } from "./pkt-line.ts";

/**
 * @param answer An answer of protocol v2 that cannot be used. It contains no error of the server.
 * @returns whether it consists of pkt-lines, and its last one, a flush packet, is missing.
 */
export function isCutShort(answer: Buffer): boolean {
  let last: Packet["kind"] | null = null;
  try {
    for (const { kind } of packets(answer)) last = kind;
  } catch (error) {
    return error instanceof CutShortError;
  }
  return last === "data" || last === "delimiter";
}
