import { inLine } from "../backend/line.ts";
import type { Deadline } from "../network/deadline.ts";
import { HttpConnection, OversizedAnswer, ProxyRefusal } from "../network/http.ts";
import { PassingFault, retrying } from "../network/retry.ts";
import { StoreError } from "../store/job-store.ts";
import type { Surroundings } from "./toolkit.ts";

/**
 * Asks GitHub for a token that says which repository, ref and workflow this job belongs to.
 *
 * @param audience Whom the token is meant for: others refuse it.
 * @throws StoreError
 * @see https://docs.github.com/en/actions/reference/security/oidc
 */
export async function oidcToken(audience: string, { toolkit, env }: Surroundings, deadline: Deadline): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken } = env;
  if (!address || !requestToken || !URL.canParse(address)) {
    throw new StoreError(
      "unauthorized",
      'This job may not ask GitHub for an OIDC token, which the input oidc-audience needs: add "permissions: id-token: write" to the workflow or job. A pull request from a fork never may',
    );
  }
  const url = new URL(address);
  url.searchParams.set("audience", audience);
  const connection = new HttpConnection("cronyx-action");
  try {
    const { status, body } = await retrying(
      deadline,
      (line) => toolkit.info(inLine(line)),
      () =>
        connection.send(
          {
            method: "GET",
            url,
            headers: { accept: "application/json" },
            authorization: `Bearer ${requestToken}`,
            body: null,
            mayStray: false,
          },
          deadline,
        ),
    );
    const token = tokenIn(body);
    if (status !== 200 || token === null)
      throw refusal(`it answered ${status}${token === null ? " without a token" : ""}`);
    toolkit.setSecret(token);
    return token;
  } catch (cause) {
    if (cause instanceof ProxyRefusal) throw new StoreError("unreachable", cause.message, { cause });
    if (cause instanceof PassingFault || cause instanceof OversizedAnswer) throw refusal(cause.message, cause);
    throw cause;
  } finally {
    connection.close();
  }
}

function refusal(why: string, cause?: unknown): StoreError {
  return new StoreError(
    "unreachable",
    `GitHub gave no OIDC token (${why}): check the input oidc-audience, or run the job again later`,
    { cause },
  );
}

function tokenIn(body: Buffer): string | null {
  try {
    const { value } = JSON.parse(body.toString());
    return typeof value === "string" && /^[\x21-\x7e]+$/.test(value) ? value : null;
  } catch {
    return null;
  }
}
