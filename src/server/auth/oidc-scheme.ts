import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import type { Instant } from "../../scheduler/instant.ts";
import { type Caller, IssuerUnreachable, type Scheme } from "./authentication.ts";
import { matches, type OidcRule, rulesFor } from "./oidc-rules.ts";

export interface OidcOptions {
  /** Whose tokens are taken: `https://token.actions.githubusercontent.com` is GitHub's. */
  readonly issuer: string;
  /** Whom the tokens have to be for. */
  readonly audience: string;
  readonly rules: readonly OidcRule[];
  /** How long to wait before the issuer is asked again for a key that it didn't have, in milliseconds. */
  readonly keyFetchCooldown?: number;
}

/** How far the issuer's clock may be off, in seconds. */
const CLOCK_TOLERANCE = 10;
const LONGEST_FETCH = 5_000;
/** A key that was withdrawn is good for this much longer at most. A key that is unknown is looked for at once. */
const KEYS_KEPT = 10 * 60_000;
/** But no more often than this: tokens with made-up keys don't get the issuer asked for each of them. */
const FETCHES_APART = 30_000;

/** Tokens of OpenID Connect, as GitHub gives them to workflows: RFC 7519, checked against the issuer's published keys. */
export function oidcScheme(
  { issuer, audience, rules, keyFetchCooldown = FETCHES_APART }: OidcOptions,
  now: () => Instant,
): Scheme {
  const keys = createRemoteJWKSet(new URL(`${issuer.replace(/\/$/, "")}/.well-known/jwks`), {
    timeoutDuration: LONGEST_FETCH,
    cacheMaxAge: KEYS_KEPT,
    cooldownDuration: keyFetchCooldown,
  });
  return {
    name: "Bearer",
    challenge: 'Bearer realm="CronyxServer"',
    async check(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ["RS256"],
          requiredClaims: ["exp"],
          clockTolerance: CLOCK_TOLERANCE,
          currentDate: new Date(now()),
        });
        return callerOf(payload, rules);
      } catch (cause) {
        if (isFaultOfToken(cause)) return null;
        throw new IssuerUnreachable(`The keys of ${issuer} can't be fetched: tokens can't be checked now`, { cause });
      }
    },
  };
}

function callerOf(claims: JWTPayload, rules: readonly OidcRule[]): Caller {
  const applying = rulesFor(rules, claims);
  const mayUse = (jobName: string) => applying.some(({ jobs }) => matches(jobs, jobName));
  return {
    repository: typeof claims.repository === "string" ? claims.repository : null,
    mayUse,
    mayRequire: (jobName) => mayUse(jobName) || applying.some(({ requires }) => matches(requires, jobName)),
    hasAnyAccess: applying.length > 0,
  };
}

/** What jose says of a bad token; anything else is about the issuer. */
function isFaultOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}
