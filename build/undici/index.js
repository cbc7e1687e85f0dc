/**
 * Stands in for `undici`, which `@actions/http-client` imports at load for one thing: the dispatcher that
 * `getAgentDispatcher()` hands to `fetch`. This action never calls `fetch`; its proxies go through `tunnel`. The real
 * package would be nine tenths of each bundle's bytes and most of its start-up time.
 */
export class ProxyAgent {
  constructor() {
    throw new Error(
      "This build of cronyx-action has no undici, so it can't make a dispatcher for fetch: send the request through HttpClient.request instead",
    );
  }
}
