/** A swap as the table takes it. */
export interface SwapRow {
  readonly key: Buffer;
  readonly version: string;
  readonly document: string;
  /** Null: there may be no row yet. */
  readonly expected: string | null;
}
