import type { Location, RepositoryLocation } from "../location/location.ts";
import type { Environment } from "../network/environment.ts";
import type { JobStore } from "../store/job-store.ts";
import type { JobBackend } from "./job-backend.ts";
import type { Credentials, MarkOptions } from "./remote/server-connection.ts";

/** All that a backend needs from outside. */
export interface BackendOptions extends MarkOptions {
  /** For a repository. A CronyxServer never gets it. */
  readonly token: string;
  /** For a CronyxServer. A user name and a password are for a repository too, in place of the token. */
  readonly credentials: Credentials;
  readonly userAgent: string;
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly log: (line: string) => void;
  readonly now: () => number;
}

/** Opens the backend of a location. It sends nothing before it is first used. */
export async function openBackend(location: Location, options: BackendOptions): Promise<JobBackend> {
  switch (location.kind) {
    case "repository": {
      const store = await openGitStore(location, options);
      const { LocalBackend } = await import(/* webpackMode: "eager" */ "./local-backend.ts");
      return new LocalBackend({ store, now: options.now, log: options.log });
    }
    case "server": {
      const { RemoteBackend } = await import(/* webpackChunkName: "remote" */ "./remote/remote-backend.ts");
      return new RemoteBackend({ address: location.address, ...options });
    }
  }
}

/** Each transport loads its own part of Node only: HTTP and TLS, or child processes. */
export async function openGitStore(location: RepositoryLocation, options: BackendOptions): Promise<JobStore> {
  const { log, now, credentials } = options;
  const { GitStore } = await import(/* webpackMode: "eager" */ "../store/git/git-store.ts");
  switch (location.transport) {
    case "https":
    case "http": {
      const { SmartHttpRemote } = await import(/* webpackMode: "eager" */ "../store/git/smart-http.ts");
      const login = credentials.kind === "basic" ? credentials : null;
      return new GitStore({ remote: new SmartHttpRemote({ location, login, ...options }), log, now });
    }
    case "ssh":
    case "file": {
      const { GitCommandRemote } = await import("../store/git/git-command.ts");
      return new GitStore({ remote: new GitCommandRemote({ location, ...options }), log, now });
    }
  }
}
