import { tmpdir } from "node:os";
import { ACTION_TERMS } from "../../src/action/terms.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { openStore, type StoreOptions } from "../../src/store/open-store.ts";
import { BareRepository } from "./bare-repository.ts";
import { type Exchange, type Fate, serveGit } from "./git-server.mjs";

export const TOKEN = "ghs_0123456789abcdefTOKEN";

/** Opens a store as the action does. */
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
 * A repository behind smart HTTP, whose requests meet with what the test makes of them.
 *
 * @param token The one that it asks for. Left out, anyone may write.
 */
export async function serveRepository(token?: string) {
  const repository = new BareRepository();
  const served = {
    repository,
    fate: (_: Exchange): Fate | undefined => undefined,
    /** What the stores that were opened here have logged. */
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
    fate: (exchange) => served.fate(exchange),
  });
  return Object.assign(served, { url: server.url(repository.name), exchanges: server.exchanges });
}
