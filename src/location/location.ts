import { fileURLToPath } from "node:url";
import { ArgumentError, type ArgumentErrorCode } from "../errors/argument-error.ts";
import { isLoopback } from "./loopback.ts";

/** The location of the locks: `url`, parsed once. All later code switches on its `kind`. */
export type Location = ServerLocation | RepositoryLocation;

/** A CronyxServer. */
interface ServerLocation {
  readonly kind: "server";
  /** The address that the paths of docs/rest-api.md follow, without a slash at its end. */
  readonly address: string;
  /** Whether the connection is plain HTTP to another machine, so that others can read and change its content. */
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

/** In characters. The post step gets the location in an environment variable, whose length the system limits. */
const LONGEST = 2_000;

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
  if (url.length > LONGEST) throw refusalOf(url, ANY)("invalid-location", `has ${url.length} characters`);
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
  if (!URL.canParse(text)) throw withAcceptedForm(refuse("invalid-location", "is not a URL"), text);
  const { protocol, username, password, href } = new URL(text);
  if (!/^git\+(https?|ssh|file):$/.test(protocol)) {
    throw withAcceptedForm(refuse("invalid-location", "has an unknown scheme"), text);
  }
  if (username !== "" && (protocol !== "git+ssh:" || password !== "")) {
    throw refuse("credentials-in-location", CREDENTIALS);
  }
  const address = href.slice("git+".length);
  if (!/^(file:\/\/\/|(https?|ssh):\/\/[^/])/.test(address) || !URL.canParse(address)) {
    throw withAcceptedForm(refuse("invalid-location", "names no repository"), text);
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

/**
 * @returns the one form in which two URLs of the same place are equal: host in lower case, no default port, no slash at its
 *   end, no needless percent-encoding. It contains no password.
 */
export function canonicalUrl(location: Location): string {
  const url = location.kind === "server" ? location.address : `git+${location.url.href}`;
  return (
    url
      // `URL` does this for http and https only.
      .replace(
        /^git\+ssh:\/\/([^/@]*@)?([^/]*?)(?::22)?(?=\/)/,
        (_, user = "", host) => `git+ssh://${user}${host.toLowerCase()}`,
      )
      .replace(/%[0-9a-f]{2}/gi, (encoded) => {
        const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
        // RFC 3986 §2.3: these characters mean the same with and without percent-encoding.
        return /[\w.~-]/.test(character) ? character : encoded.toUpperCase();
      })
      .replace(/\/+$/, "")
  );
}

/** Makes refusals of one URL. They leave the URL out where it may contain a password or a token, well-formed or not. */
function refusalOf(url: string, expected: string) {
  // The user name `git` is no secret: every host uses it for ssh.
  const value = /[@?#]/.test(url.replace(/^((git\+)?ssh:\/\/)?git@/, "")) ? undefined : url;
  return (code: ArgumentErrorCode, problem: string) =>
    new ArgumentError(code, { field: "url", value, problem, expected });
}

/** @returns the refusal. For a URL or path that git takes, it has the form that a location takes. */
function withAcceptedForm(refusal: ArgumentError, text: string): ArgumentError {
  const form = acceptedForm(text.trim());
  return form === null ? refusal : refusal.withExpected(form);
}

/** @returns null for a text that may contain a password or a token. Its only user name is `git`, which is no secret. */
function acceptedForm(text: string): string | null {
  if (/[?#\s]/.test(text) || text.replace(/^(ssh:\/\/)?git@/, "").includes("@")) return null;
  const [, host, path] = /^(?:git@)?([\w.-]+):(?!\/\/|\d+$)\/?([^:\\]+)$/.exec(text) ?? [];
  if (host !== undefined && path !== undefined && (host.length > 1 || text.startsWith("git@"))) {
    return `git+ssh://git@${host}/${path}`;
  }
  if (/^(localhost|127\.[\d.]+|\[::1\]):\d+\/?$/.test(text)) return `http://${text}`;
  const [, scheme, rest] = /^git\+(https|ssh):\/?([\w-]+(?:\.[\w-]+)+(?::\d+)?\/[^/:].*)$/.exec(text) ?? [];
  if (scheme !== undefined) return `git+${scheme}://${rest}`;
  if (/^git\+file:\/\/[^/]/.test(text)) return text.replace("//", "///");
  if (/^(ssh|file):\/\/./.test(text)) return `git+${text}`;
  if (/^git:\/\/./.test(text)) return text.replace("git:", "git+https:");
  if (/^\/[^/]/.test(text)) return `git+file://${text}`;
  if (/^[A-Za-z]:[\\/]/.test(text)) return `git+file:///${text.replaceAll("\\", "/")}`;
  if (/^[\w-]+(\.[\w-]+)+(:\d+)?\/[^:]+$/.test(text)) return `git+https://${text}`;
  return /^[\w.-]+\/[\w.-]+$/.test(text) ? `git+https://github.com/${text}` : null;
}

function isPath(url: URL): boolean {
  try {
    return fileURLToPath(url) !== "";
  } catch {
    return false;
  }
}
