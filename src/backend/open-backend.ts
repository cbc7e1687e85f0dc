import type { Deadline } from "../network/deadline.ts";
import { openStore, type StoreOptions } from "../store/open-store.ts";
import type { JobBackend } from "./job-backend.ts";
import { LocalBackend } from "./local.ts";

/** What a backend needs to know of the world around it. */
export interface BackendOptions extends StoreOptions {
  /** For a CronyxServer. A repository has {@link StoreOptions.token}, which a server never gets. */
  readonly credentials: Credentials;
}

export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: (deadline: Deadline) => Promise<string> };

/**
 * @param url Where the locks are kept.
 * @throws ArgumentError when the URL is of no known kind. Nothing is sent before the backend is first used.
 */
export async function openBackend(url: string, options: BackendOptions): Promise<JobBackend> {
  return new LocalBackend(await openStore(url, options), options.now);
}
