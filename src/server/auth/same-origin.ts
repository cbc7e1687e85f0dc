import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a browser sent this request from a page of this server. This check protects against cross-site request forgery:
 * browsers attach Basic credentials to the requests of any site's page. Every request that a form sends has
 * `Sec-Fetch-Site` or `Origin`.
 *
 * Only the hosts are compared: behind a proxy that ends TLS, the page's scheme differs from the server's.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  // Browsers omit Sec-Fetch-Site over plain HTTP, except to localhost.
  const { origin, host } = headers;
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  return (
    /^https?:$/.test(protocol) &&
    URL.canParse(`${protocol}//${host}`) &&
    originHost === new URL(`${protocol}//${host}`).host
  );
}
