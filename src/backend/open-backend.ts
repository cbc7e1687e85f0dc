import { checkStoreUrl, openStore, type StoreOptions } from "../store/open-store.ts";
import type { JobBackend } from "./job-backend.ts";
import type { Credentials } from "./server-connection.ts";
import { checkServerUrl, isServerUrl } from "./server-url.ts";
import type { Terms } from "./terms.ts";

/** What a backend needs to know of the world around it. */
export interface BackendOptions extends StoreOptions {
  /** For a CronyxServer. A repository has {@link StoreOptions.token}, which a server never gets. */
  readonly credentials: Credentials;
  readonly terms: Terms;
}

/**
 * @param url Where the locks are kept: `https:` or `http:` of a CronyxServer, or a repository as `openStore` takes it.
 * @throws ArgumentError when the URL is of no such kind. Nothing is sent before the backend is first used.
 */
export async function openBackend(url: string, options: BackendOptions): Promise<JobBackend> {
  if (!isServerUrl(url)) {
    const store = await openStore(url, options);
    const { LocalBackend } = await import(/* webpackMode: "eager" */ "./local.ts");
    return new LocalBackend(store, options.now);
  }
  const place = checkServerUrl(url, options.terms);
  const { RemoteBackend } = await import(/* webpackChunkName: "remote" */ "./remote.ts");
  return new RemoteBackend(place, options.credentials, options.userAgent, options.log, options.terms);
}

/** @throws ArgumentError */
export function checkBackendUrl(url: string, terms: Terms): void {
  if (isServerUrl(url)) checkServerUrl(url, terms);
  else checkStoreUrl(url, terms);
}
