import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { type Instant, SECOND } from "../../scheduler/instant.ts";
import { type Caller, IssuerUnreachable, type Scheme } from "./authentication.ts";
import { matchesAny, type OidcRule, rulesFor } from "./oidc-rules.ts";

interface OidcOptions {
  /** The URL of the issuer. GitHub's is `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
  /** The audience that a token must have. */
  readonly audience: string;
  readonly rules: readonly OidcRule[];
  /** The least time between two fetches of the issuer's keys, in milliseconds. */
  readonly keyFetchCooldown?: number;
}

/** In seconds: the tolerated difference between the issuer's clock and the server's. */
const CLOCK_TOLERANCE = 10;
const KEY_FETCH_TIMEOUT = 5_000;
/** The longest time, in milliseconds, for which a withdrawn key stays valid. A token with an unknown key causes a fetch earlier. */
const KEY_CACHE_MAX_AGE = 10 * 60_000;
/** In milliseconds. It limits the fetches that tokens with invented key ids can cause. */
const KEY_FETCH_COOLDOWN = 30_000;

/** OpenID Connect tokens (RFC 7519), such as GitHub's for workflows, verified with the issuer's published keys. */
export function oidcScheme(
  { issuer, audience, rules, keyFetchCooldown = KEY_FETCH_COOLDOWN }: OidcOptions,
  now: () => Instant,
): Scheme {
  const emptyKeys = () =>
    createRemoteJWKSet(new URL(`${issuer.replace(/\/+$/, "")}/.well-known/jwks`), {
      timeoutDuration: KEY_FETCH_TIMEOUT,
      cacheMaxAge: KEY_CACHE_MAX_AGE,
      cooldownDuration: keyFetchCooldown,
    });
  let keys = emptyKeys();
  let latest = now();
  return {
    name: "Bearer",
    challenge: 'Bearer realm="CronyxServer"',
    audience,
    async check(token) {
      const checkedAt = now();
      // The age of the keys is unknown once the clock was set back: they would stay valid for that much longer.
      if (checkedAt < latest - CLOCK_TOLERANCE * SECOND) keys = emptyKeys();
      latest = checkedAt;
      // A key that the issuer published since the last fetch is unknown until the next one.
      const mayBeNewer = keys.coolingDown;
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: ["RS256"],
          requiredClaims: ["exp"],
          clockTolerance: CLOCK_TOLERANCE,
          currentDate: new Date(checkedAt),
        });
        return callerOf(payload, rules);
      } catch (cause) {
        if (isInvalidToken(cause) && !(mayBeNewer && cause instanceof errors.JWKSNoMatchingKey)) return null;
        throw new IssuerUnreachable(
          `The signing keys of ${issuer} cannot be fetched now, so a token cannot be verified`,
          {
            cause,
            retryAfter: Math.max(1, Math.ceil(keyFetchCooldown / 1_000)),
          },
        );
      }
    },
  };
}

function callerOf(claims: JWTPayload, allRules: readonly OidcRule[]): Caller {
  const rules = rulesFor(allRules, claims);
  const mayUse = (jobName: string) => rules.some(({ jobs }) => matchesAny(jobs, jobName));
  return {
    repository: typeof claims.repository === "string" ? claims.repository : null,
    run: runOf(claims),
    mayUse,
    maySkip: (jobName) => rules.some(({ jobs, skip }) => skip && matchesAny(jobs, jobName)),
    mayRequire: (jobName) => mayUse(jobName) || rules.some(({ requires }) => matchesAny(requires, jobName)),
    hasAnyAccess: rules.length > 0,
  };
}

/** @see https://docs.github.com/en/actions/reference/security/oidc */
function runOf({ repository, run_id: runId, run_attempt: attempt }: JWTPayload): Caller["run"] {
  const claimed = Object.entries({ repository, runId, attempt }).filter(([, value]) => typeof value === "string");
  return claimed.length === 0 ? null : Object.fromEntries(claimed);
}

/** Whether jose found the token invalid. Its other errors come from fetching the issuer's keys. */
function isInvalidToken(error: unknown): boolean {
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
