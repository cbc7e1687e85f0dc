/** A swap in the form of the table's columns. */
export interface SwapRow {
  readonly key: Buffer;
  readonly version: string;
  readonly document: string;
  /** Null: the job must have no row yet. */
  readonly expected: string | null;
}
