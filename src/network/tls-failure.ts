import type { RemoteErrorCode } from "../errors/service-error.ts";

/** Why no TLS connection was made. Sending the request again changes nothing. */
export interface TlsFailure {
  readonly code: RemoteErrorCode;
  readonly problem: string;
}

const UNTRUSTED: RemoteErrorCode = "certificate-untrusted";

/** @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CODES: ReadonlyMap<string, RemoteErrorCode> = new Map([
  ["CERT_HAS_EXPIRED", "certificate-expired"],
  ["CERT_NOT_YET_VALID", "certificate-expired"],
  ["CERT_REVOKED", "certificate-revoked"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate-for-another-host"],
  ["HOSTNAME_MISMATCH", "certificate-for-another-host"],
]);
/** All others of a certificate or its chain. */
const CHAIN = /^(CERT|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)$|PATH_LENGTH|CRL|ERROR_IN_C(ERT|RL))/;

const PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has a certificate that has expired",
  CERT_NOT_YET_VALID: "has a certificate that is not valid yet",
  CERT_REVOKED: "has a certificate that was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a certificate for another host",
  HOSTNAME_MISMATCH: "has a certificate for another host",
};

/** With TLS 1.3 a server refuses a client only after the client has a connection: RFC 8446 §4.4.2.4. */
const REFUSED = /_ALERT_(\w*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

/**
 * @param isSecured Whether there was a TLS connection when the error came. Then TLS fails as any connection breaks.
 * @returns null if the error does not say that no TLS connection was made.
 */
export function tlsFailure(error: unknown, isSecured = false): TlsFailure | null {
  const code = String((error as { readonly code?: unknown } | null | undefined)?.code ?? "");
  const known = CODES.get(code) ?? (CHAIN.test(code) ? UNTRUSTED : undefined);
  if (known !== undefined) {
    const problem = PROBLEMS[code] ?? "has a certificate from an authority that this machine does not trust";
    return { code: known, problem: `${problem} (${code})` };
  }
  if (code !== "EPROTO" && !code.startsWith("ERR_SSL_")) return null;
  if (isSecured && !REFUSED.test(code)) return null;
  return { code: "tls-failed", problem: `made no TLS connection (${code})` };
}
