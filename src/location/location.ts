import { fileURLToPath } from "node:url";
import { ArgumentError, type ArgumentErrorCode } from "../errors/argument-error.ts";
import { isLoopback } from "./loopback.ts";

/** Where locks are kept: `url`, parsed once. All later code switches on its `kind`. */
export type Location = ServerLocation | RepositoryLocation;

/** A CronyxServer. */
export interface ServerLocation {
  readonly kind: "server";
  /** The address that the paths of docs/rest-api.md follow, without a slash at its end. */
  readonly address: string;
  /** Whether the connection is plain HTTP to another machine, so that others can read and change what it carries. */
  readonly isUnencrypted: boolean;
}

/** A git repository. */
export interface RepositoryLocation {
  readonly kind: "repository";
  /** `http` is for this machine alone: the token would be sent unencrypted. */
  readonly transport: "https" | "http" | "ssh" | "file";
  /** The repository's own URL, without `git+`. */
  readonly url: URL;
}

const REPOSITORIES =
  "git+https://HOST/PATH, git+ssh://HOST/PATH, git+file:///PATH, or git+http://HOST/PATH with HOST on this machine";
const ANY = `${REPOSITORIES}; or https://HOST of a CronyxServer`;
const SERVERS = "https://HOST[/PATH] of a CronyxServer, or git+https://HOST/PATH of a repository";

/**
 * @param url `https:` or `http:` of a CronyxServer; `git+https:`, `git+ssh:`, `git+file:` or (loopback only) `git+http:`
 *   of a repository.
 * @throws ArgumentError
 */
export function parseLocation(url: string): Location {
  return /^\s*https?:/i.test(url) ? serverLocation(url) : repositoryLocation(url);
}

function serverLocation(url: string): ServerLocation {
  const refuse = refusalOf(url, SERVERS);
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) throw refuse("invalid-location", "names no server");
  const { protocol, hostname, username, password, search, hash, href } = new URL(url);
  if (username !== "" || password !== "") throw refuse("credentials-in-location", CREDENTIALS);
  if (search !== "" || hash !== "" || /[?#]/.test(url)) {
    throw refuse("invalid-location", "has a query or a fragment, which no server has");
  }
  return {
    kind: "server",
    address: href.replace(/\/+$/, ""),
    isUnencrypted: protocol === "http:" && !isLoopback(hostname),
  };
}

function repositoryLocation(text: string): RepositoryLocation {
  const refuse = refusalOf(text, ANY);
  if (!URL.canParse(text)) throw refuse("invalid-location", "is not a URL");
  const { protocol, username, password, href } = new URL(text);
  if (!/^git\+(https?|ssh|file):$/.test(protocol)) throw refuse("invalid-location", "has an unknown scheme");
  if (username !== "" && (protocol !== "git+ssh:" || password !== "")) {
    throw refuse("credentials-in-location", CREDENTIALS);
  }
  const address = href.slice("git+".length);
  if (!/^(file:\/\/\/|(https?|ssh):\/\/[^/])/.test(address) || !URL.canParse(address)) {
    throw refuse("invalid-location", "names no repository");
  }
  const url = new URL(address);
  if (url.search !== "" || url.hash !== "") {
    throw refuse("invalid-location", "has a query or a fragment, which no repository has");
  }
  if (url.pathname.replaceAll("/", "") === "") throw refuse("invalid-location", "names no repository");
  // The default is GitHub's server_url, a slash and the repository. A GitHub Enterprise Server's server_url may end with a slash.
  if (url.protocol !== "file:") url.pathname = url.pathname.replace(/^\/{2,}/, "/");
  if (url.protocol === "file:" && !isPath(url)) {
    throw refuse("invalid-location", "contains an escape that stands for no character of a path");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw refuse("unencrypted-location", "would send the token unencrypted to another machine");
  }
  return { kind: "repository", transport: url.protocol.slice(0, -1) as RepositoryLocation["transport"], url };
}

const CREDENTIALS = "contains credentials, which would be shown in logs";

/** Makes refusals of one URL. The URL is left out where it may contain a password or a token, rightly written or not. */
function refusalOf(url: string, expected: string) {
  const value = /[@?#]/.test(url) ? undefined : url;
  return (code: ArgumentErrorCode, problem: string) =>
    new ArgumentError(code, { field: "url", value, problem, expected });
}

function isPath(url: URL): boolean {
  try {
    return fileURLToPath(url) !== "";
  } catch {
    return false;
  }
}
