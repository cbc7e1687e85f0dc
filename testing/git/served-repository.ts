import { tmpdir } from "node:os";
import { type BackendOptions, openGitStore } from "../../src/backend/open-backend.ts";
import { parseLocation, type RepositoryLocation } from "../../src/location/location.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { BareRepository } from "./bare-repository.ts";
import { type GitExchange, type GitFault, serveGit } from "./git-server.mjs";

export const TOKEN = "ghs_0123456789abcdefTOKEN";

/** Opens a store with the options that the action would use. */
export function openStoreAt(url: string, options: Partial<BackendOptions> = {}): Promise<JobStore> {
  return openGitStore(repositoryAt(url), {
    token: "",
    credentials: { kind: "none" },
    userAgent: "cronyx-test",
    env: process.env,
    temporary: tmpdir(),
    log: () => {},
    now: Date.now,
    ...options,
  });
}

/** @param url The repository's own URL, without `git+`. */
export function repositoryAt(url: string): RepositoryLocation {
  const location = parseLocation(`git+${url}`);
  if (location.kind !== "repository") throw new Error(`${url} is not the address of a repository`);
  return location;
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
    /** The server's clock, for the `Date` of its answers. */
    now: Date.now,
    /** The log lines of the stores that `open` returned. */
    log: [] as string[],
    open: (options: Partial<BackendOptions> & { name?: string } = {}) =>
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
    now: () => served.now(),
  });
  return Object.assign(served, { url: server.url(repository.name), exchanges: server.exchanges });
}
