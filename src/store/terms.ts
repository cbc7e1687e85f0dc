/** What a store's caller calls its settings, for messages that say what to change. */
export interface StoreTerms {
  /** Where the locks are kept. */
  readonly url: string;
  /** A repository's token. */
  readonly token: string;
  /** What lets such a token write, for the end of a sentence. */
  readonly permission: string;
  /** A sentence on who has no such token; empty if there is nothing to say. */
  readonly readOnly: string;
}
