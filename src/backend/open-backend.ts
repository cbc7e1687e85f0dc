import { ArgumentError } from "../scheduler/argument-error.ts";
import { openStore, type StoreOptions } from "../store/open-store.ts";
import type { JobBackend } from "./job-backend.ts";
import { LocalBackend } from "./local.ts";

/** What a backend needs to know of the world around it. */
export interface BackendOptions extends StoreOptions {
  /** For a CronyxServer. */
  readonly credentials?: Credentials;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * @param url Where the locks are kept.
 * @throws ArgumentError when the URL is of no known kind. Nothing is sent before the backend is first used.
 */
export async function openBackend(url: string, { credentials, ...options }: BackendOptions): Promise<JobBackend> {
  const store = await openStore(url, options);
  if (credentials !== undefined) {
    throw new ArgumentError("A repository has no use for credentials with a user name: give it a token instead");
  }
  return new LocalBackend(store, options.now);
}
