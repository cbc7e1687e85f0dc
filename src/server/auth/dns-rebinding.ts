/**
 * Whether a `Host` header is an IP address or `localhost`. This check protects against DNS rebinding: the owner of a web page
 * can let the page's domain name resolve to this machine, and browsers then take the server for that page's origin. Without
 * credentials, the `Host` header is the only difference between such a request and a legitimate one.
 *
 * @param host Undefined for a request that no browser sent: browsers always send the header.
 */
export function isRebindingSafe(host: string | undefined): boolean {
  return host === undefined || /^((.+\.)?localhost\.?|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}
