import { LONGEST_SUMMARY } from "./summary-cells.ts";

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
