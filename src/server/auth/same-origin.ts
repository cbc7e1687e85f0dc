import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a browser sends a request on behalf of a page of this very server: browsers add a login by themselves, whoever's
 * page it is that asks. Those that say nothing of where a page is from are none that a form was sent with.
 *
 * Where the server is behind a proxy that speaks TLS, the scheme differs from ours: the host alone is compared.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  // Browsers leave Sec-Fetch-Site out where a page came over plain HTTP.
  const { origin, host } = headers;
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  return (
    /^https?:$/.test(protocol) &&
    URL.canParse(`${protocol}//${host}`) &&
    originHost === new URL(`${protocol}//${host}`).host
  );
}
