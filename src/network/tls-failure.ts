import type { RemoteErrorCode } from "../errors/service-error.ts";

/** The failure to make a TLS connection. The same request would fail again. */
interface TlsFailure {
  readonly code: RemoteErrorCode;
  readonly problem: string;
}

const EXPIRED: TlsFailure = { code: "certificate-expired", problem: "has a certificate that has expired" };
const NOT_YET_VALID: TlsFailure = { code: "certificate-expired", problem: "has a certificate that is not valid yet" };
const REVOKED: TlsFailure = { code: "certificate-revoked", problem: "has a certificate that was revoked" };
const OF_ANOTHER_HOST: TlsFailure = {
  code: "certificate-for-another-host",
  problem: "has a certificate for another host",
};
const UNTRUSTED: TlsFailure = {
  code: "certificate-untrusted",
  problem: "has a certificate from an authority that this machine does not trust",
};

/** @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const FAILURES: ReadonlyMap<string, TlsFailure> = new Map([
  ["CERT_HAS_EXPIRED", EXPIRED],
  ["CERT_NOT_YET_VALID", NOT_YET_VALID],
  ["CERT_REVOKED", REVOKED],
  ["ERR_TLS_CERT_ALTNAME_INVALID", OF_ANOTHER_HOST],
  ["HOSTNAME_MISMATCH", OF_ANOTHER_HOST],
]);
/** All other codes about a certificate or its chain. */
const CHAIN = /^(CERT|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)$|PATH_LENGTH|CRL|ERROR_IN_C(ERT|RL))/;

/** With TLS 1.3 a server refuses a client only after the connection is made: RFC 8446 §4.4.2.4. */
const REFUSED = /_ALERT_(\w*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

/**
 * @param isSecured Whether there was a TLS connection before the error. Most errors after that are broken connections.
 * @returns null for any error but a failure to make a TLS connection.
 */
export function tlsFailure(error: unknown, isSecured = false): TlsFailure | null {
  const code = String((error as { readonly code?: unknown } | null | undefined)?.code ?? "");
  const known = FAILURES.get(code) ?? (CHAIN.test(code) ? UNTRUSTED : undefined);
  if (known !== undefined) return { code: known.code, problem: `${known.problem} (${code})` };
  if (code !== "EPROTO" && !code.startsWith("ERR_SSL_")) return null;
  if (isSecured && !REFUSED.test(code)) return null;
  return { code: "tls-failed", problem: `made no TLS connection (${code})` };
}
