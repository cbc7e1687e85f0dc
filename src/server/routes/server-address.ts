import type { FastifyRequest } from "fastify";
import { isLoopback } from "../../location/loopback.ts";
import type { Scheme } from "../auth/authentication.ts";
import type { Login, ServerAddress } from "../pages/first-workflow.ts";

/** How workflows reach the server, by the request of a browser that reached it. For a page only: the headers can be forged. */
export function serverAddress({ headers }: Pick<FastifyRequest, "headers">, schemes: readonly Scheme[]): ServerAddress {
  const login = loginOf(schemes);
  const url = headers.host === undefined ? null : URL.parse(`http://${headers.host}`);
  if (url === null || url.pathname !== "/") return { url: "https://HOST", isLocal: false, login };
  const isLocal = isLoopback(url.hostname);
  const forwarded = headers["x-forwarded-proto"];
  // The server itself speaks HTTP only. A domain name belongs to a proxy, and without encryption no login is safe.
  const isEncrypted = forwarded === undefined ? !/^[\d.]+$|^\[|^localhost$/.test(url.hostname) : forwarded === "https";
  return { url: `${isEncrypted ? "https" : "http"}://${url.host}`, isLocal, login };
}

/** A workflow's own token needs no secret, so it comes first. */
function loginOf(schemes: readonly Scheme[]): Login {
  const audience = schemes.find((scheme) => scheme.audience !== undefined)?.audience;
  if (audience !== undefined) return { kind: "oidc", audience };
  return { kind: schemes.length === 0 ? "none" : "basic" };
}
