import * as util from "node:util";
import type { Environment } from "../network/environment.ts";
import type { RowState } from "./status-rows.ts";

/** An output stream, as far as it tells about a terminal. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  /** The width of the terminal. */
  readonly columns?: number | undefined;
}

/** A table is this wide at least, also where the output is no terminal. */
const LEAST_COLUMNS = 80;

export function columnsOf({ isTTY, columns }: Terminal): number {
  return isTTY && columns !== undefined ? Math.max(LEAST_COLUMNS, columns) : LEAST_COLUMNS;
}

/** @see https://no-color.org and https://nodejs.org/api/cli.html#force_color1-2-3, which comes before NO_COLOR. */
export function hasColours({ isTTY }: Terminal, { FORCE_COLOR, NO_COLOR, TERM }: Environment): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isTTY === true && !NO_COLOR && TERM !== "dumb";
}

/** @returns the control sequence CHA, or null where the output does not take it. */
export function cursorMover({ isTTY }: Terminal, { TERM }: Environment): ((column: number) => string) | null {
  return isTTY === true && TERM !== "dumb" ? (column) => `\u001b[${column}G` : null;
}

const STYLES = {
  damaged: ["bold", "red"],
  failing: ["bold", "red"],
  overdue: ["yellow"],
  "held too long": ["yellow"],
  running: ["green"],
  waiting: ["dim"],
  free: ["dim"],
} as const satisfies Record<RowState, readonly string[]>;

export function painted(state: RowState, text: string): string {
  // Node has styleText since 20.12, and takes several formats at once only in later versions. Newer versions look at the standard
  // output themselves if they may, whereas hasColours has decided already.
  const styleText = util.styleText as StyleText | undefined;
  if (styleText === undefined) return text;
  return STYLES[state].reduce((styled: string, format) => styleText(format, styled, { validateStream: false }), text);
}

type StyleText = (format: string, text: string, options: { readonly validateStream: false }) => string;
