import { type Instant, toIso } from "./instant.ts";

/** A part of time, end excluded. */
export interface Span {
  readonly from: Instant;
  readonly until: Instant;
}

export function spanText({ from, until }: Span): string {
  return `${toIso(from)} to ${toIso(until)}`;
}
