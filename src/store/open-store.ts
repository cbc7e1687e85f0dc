import { fileURLToPath } from "node:url";
import { ArgumentError } from "../scheduler/argument-error.ts";
import { GitStore } from "./git/git-store.ts";
import type { JobStore } from "./job-store.ts";
import type { StoreTerms } from "./terms.ts";

/** What a store needs to know of the world around it. */
export interface StoreOptions {
  readonly token: string;
  readonly userAgent: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly log: (line: string) => void;
  readonly now: () => number;
  readonly terms: StoreTerms;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3})$/;

const FORMS =
  "git+https://HOST/PATH, git+ssh://HOST/PATH, git+file:///PATH, or git+http://HOST/PATH with HOST on this machine; or https://HOST of a CronyxServer";

/**
 * @param url Where the locks are kept: `git+https:`, `git+http:` (loopback alone), `git+ssh:` or `git+file:`.
 * @throws ArgumentError when the URL is of no such kind. Nothing is sent before the store is first used.
 */
export async function openStore(url: string, options: StoreOptions): Promise<JobStore> {
  const { token, userAgent, env, temporary, log, now, terms } = options;
  const place = checkStoreUrl(url, terms);
  // Each way loads its own half of Node: HTTP and TLS, or child processes.
  if (place.protocol === "https:" || place.protocol === "http:") {
    const { SmartHttpRemote } = await import(/* webpackMode: "eager" */ "./git/smart-http.ts");
    return new GitStore(new SmartHttpRemote(place, token, userAgent, log, terms), log, now, terms);
  }
  const { CliRemote } = await import("./git/cli.ts");
  return new GitStore(new CliRemote(place, env, temporary, log, terms), log, now, terms);
}

/** @returns the repository's own URL, without `git+`. */
export function checkStoreUrl(url: string, terms: StoreTerms): URL {
  // Wherever a password or a token may stand in it, rightly or not, the URL isn't shown.
  const shown = /[@?#]/.test(url) ? "that was given" : JSON.stringify(url);
  const refuse = (why: string): never => {
    throw new ArgumentError(`The url ${shown} ${why}: give ${FORMS}`);
  };
  if (!URL.canParse(url)) return refuse("is no URL");
  const { protocol, username, password, href } = new URL(url);
  if (protocol === "http:" || protocol === "https:") {
    throw new ArgumentError(
      `The url ${shown} is that of a server, not of a repository: for a git repository put git+ before it`,
    );
  }
  if (!/^git\+(https?|ssh|file):$/.test(protocol)) return refuse("is of no known kind");
  if (username !== "" && (protocol !== "git+ssh:" || password !== "")) {
    return refuse(`holds credentials, which would end up in logs and belong in ${terms.token}`);
  }
  const address = href.slice("git+".length);
  if (!/^(file:\/\/\/|(https?|ssh):\/\/[^/])/.test(address) || !URL.canParse(address))
    return refuse("names no repository");

  const place = new URL(address);
  if (place.search !== "" || place.hash !== "") return refuse("has a query or a fragment, which no repository has");
  if (place.pathname.replaceAll("/", "") === "") return refuse("names no repository");
  if (place.protocol === "file:" && !isPath(place))
    return refuse("holds an escape that stands for no character of a path");
  if (place.protocol === "http:" && !LOOPBACK.test(place.hostname)) {
    return refuse("would send the token unencrypted; git+http: is for localhost and 127.0.0.1 alone");
  }
  return place;
}

function isPath(url: URL): boolean {
  try {
    return fileURLToPath(url) !== "";
  } catch {
    return false;
  }
}
