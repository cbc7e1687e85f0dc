import { tmpdir } from "node:os";
import { ACTION_TERMS } from "../../src/action/terms.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import { BareRepository } from "./bare-repository.ts";
import { type GitExchange, type GitFault, serveGit } from "./git-server.mjs";

export const TOKEN = "ghs_0123456789abcdefTOKEN";

/** Opens a store with the options that the action would use. */
export function openStoreAt(url: string, options: Partial<StoreOptions> = {}): Promise<JobStore> {
  return openStore(`git+${url}`, {
    token: "",
    userAgent: "cronyx-test",
    env: process.env,
    temporary: tmpdir(),
    log: () => {},
    now: Date.now,
    terms: ACTION_TERMS,
    ...options,
  });
}

export type ServedRepository = Awaited<ReturnType<typeof serveRepository>>;

/**
 * Serves a repository over smart HTTP. A test sets `fault` to disturb its requests.
 *
 * @param token The required token. Without one, every client may write.
 */
export async function serveRepository(token?: string) {
  const repository = new BareRepository();
  const served = {
    repository,
    fault: (_: GitExchange): GitFault | undefined => undefined,
    /** The log lines of the stores that `open` returned. */
    log: [] as string[],
    open: (options: Partial<StoreOptions> & { name?: string } = {}) =>
      openStoreAt(server.url(options.name ?? repository.name), {
        token: token ?? "",
        log: (line) => served.log.push(line),
        ...options,
      }),
    async close() {
      await server.close();
      repository.remove();
    },
  };
  const server = await serveGit({
    root: repository.root,
    ...(token !== undefined && { token }),
    fault: (exchange) => served.fault(exchange),
  });
  return Object.assign(served, { url: server.url(repository.name), exchanges: server.exchanges });
}
