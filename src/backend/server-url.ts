import { ArgumentError } from "../scheduler/argument-error.ts";
import { inLine } from "./line.ts";
import type { Terms } from "./terms.ts";

/** Whether a URL is that of a CronyxServer, and not of a repository. */
export function isServerUrl(url: string): boolean {
  return /^https?:/i.test(url.trim());
}

/**
 * @returns the address that the paths of docs/rest-api.md follow, without a slash at its end.
 * @throws ArgumentError
 */
export function checkServerUrl(url: string, terms: Terms): string {
  // Wherever a password or a token may stand in it, rightly or not, the URL isn't shown.
  const shown = /[@?#]/.test(url) ? "that was given" : JSON.stringify(url);
  const refuse = (why: string): never => {
    throw new ArgumentError(
      `The url ${shown} ${why}: give https://HOST[/PATH] of a CronyxServer, or git+https://HOST/PATH of a repository`,
    );
  };
  if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) return refuse("names no server");
  const { username, password, search, hash, href } = new URL(url);
  if (username !== "" || password !== "") {
    return refuse(`holds credentials, which would end up in logs and belong in ${terms.login}`);
  }
  if (search !== "" || hash !== "" || /[?#]/.test(url)) return refuse("has a query or a fragment, which no server has");
  return href.replace(/\/+$/, "");
}

/** @returns a warning where what is sent there can be read, and changed, by all who stand in between; else null. */
export function unprotectedLine(url: string): string | null {
  if (!isServerUrl(url)) return null;
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)) return null;
  return `The url ${JSON.stringify(inLine(url))} is plain http: whoever stands between here and that server can read the credentials, and take locks with them; give it https`;
}
