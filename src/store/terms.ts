/** What a store's or backend's caller calls its settings, for messages that say what to change. */
export interface Terms {
  /** Where the locks are kept. */
  readonly url: string;
  /** A repository's token. */
  readonly token: string;
  /** What lets such a token write, for the end of a sentence. */
  readonly permission: string;
  /** A sentence on who has no such token; empty if there is nothing to say. */
  readonly readOnly: string;
  /** A server's user name and password. */
  readonly login: string;
  /** Whatever a server may take. */
  readonly anyLogin: string;
  /** A server's bearer token, and what to do about one that was refused. */
  readonly bearer: string;
  readonly otherBearer: string;
  /** After how long a lock may be taken over. */
  readonly retryInterval: string;
}
