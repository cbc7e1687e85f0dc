/**
 * Whether a request names the server by an address of its own: an IP address, or `localhost`. Any page of the web may give
 * this machine another name (DNS rebinding), and is of the same origin then for a browser: without a login nothing else
 * would keep it out.
 *
 * @param host The header. Browsers always send it.
 */
export function isRebindingSafe(host: string | undefined): boolean {
  return host === undefined || /^((.+\.)?localhost\.?|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}
