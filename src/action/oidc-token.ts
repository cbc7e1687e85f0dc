import { ServiceError, type ServiceErrorCode } from "../errors/service-error.ts";
import type { Deadline } from "../network/deadline.ts";
import { HttpConnection } from "../network/http.ts";
import { retrying } from "../network/retry.ts";
import type { Surroundings } from "./toolkit.ts";

const PLACE = "GitHub's issuer of OIDC tokens";

/**
 * Gets a token from GitHub that names the repository, ref and workflow of this job.
 *
 * @param audience The server that the token is for. Other servers refuse it.
 * @throws ServiceError
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export async function oidcToken(audience: string, { toolkit, env }: Surroundings, deadline: Deadline): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = env;
  if (!address || !requestToken || !URL.canParse(address)) {
    throw failure("oidc-not-permitted", "gives this job no token, which the input oidc-audience needs");
  }
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const request = {
    method: "GET",
    url,
    headers: { accept: "application/json" },
    authorization: `Bearer ${requestToken}`,
    body: null,
    writes: false,
    followsToOtherOrigins: false,
  } as const;
  const connection = new HttpConnection({ place: PLACE, userAgent: "cronyx-action" });
  try {
    const log = toolkit.info;
    const { result } = await retrying(deadline, log, () => connection.send(request, deadline));
    const token = tokenIn(result.body);
    if (result.status !== 200 || token === null) {
      throw failure("oidc-failed", `answered ${result.status}${token === null ? " without a token" : ""}`);
    }
    toolkit.setSecret(token);
    return token;
  } finally {
    connection.close();
  }
}

function failure(code: ServiceErrorCode, problem: string): ServiceError {
  return new ServiceError(code, { place: PLACE, problem, effect: "none" });
}

function tokenIn(body: Buffer): string | null {
  try {
    const { value } = JSON.parse(body.toString());
    return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) ? value : null;
  } catch {
    return null;
  }
}
