import { LONGEST_SUMMARY } from "./summary-cells.ts";

interface LongTable {
  /** The lines before the rows. */
  readonly head: readonly string[];
  readonly rows: readonly string[];
  /** The bytes to keep for the lines after the rows. */
  readonly rest: number;
  /** The content of a row, such as `jobs`. */
  readonly noun: string;
}

/** @returns the lines of a table: as many rows as a summary has room for, and a line about the others. */
export function tableLines({ head, rows, rest, noun }: LongTable): string[] {
  let length = head.reduce((sum, line) => sum + sizeOf(line), rest);
  const tooLong = rows.findIndex((row) => {
    length += sizeOf(row);
    return length > LONGEST_SUMMARY;
  });
  if (tooLong === -1) return [...head, ...rows];
  return [...head, ...rows.slice(0, tooLong), "", `The table leaves out ${rows.length - tooLong} ${noun}.`];
}

/** @returns bytes, with the line break. */
function sizeOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
