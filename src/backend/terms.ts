import type { StoreTerms } from "../store/terms.ts";

/** What a backend's caller calls its settings, for messages that say what to change. */
export interface Terms extends StoreTerms {
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
