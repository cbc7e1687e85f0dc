/**
 * Whether a `Host` header is an IP address or `localhost`. Against DNS rebinding: a web page may let its own domain name
 * resolve to this machine, and the browser then treats the server as that page's origin. Without credentials, the `Host`
 * header is the only difference between such a request and a legitimate one.
 *
 * @param host Browsers always send it, so a request without it is no browser's.
 */
export function isRebindingSafe(host: string | undefined): boolean {
  return host === undefined || /^((.+\.)?localhost\.?|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}
