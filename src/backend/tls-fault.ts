import type { Terms } from "./terms.ts";

/** Why no protected connection came about, and what to do. */
export interface TlsFault {
  readonly why: string;
  readonly remedy: string;
}

const UNTRUSTED: TlsFault = {
  why: "its certificate comes from an authority that this machine doesn't know",
  remedy: "name a file with that authority's certificate in NODE_EXTRA_CA_CERTS",
};
const OUT_OF_TIME = "let its keeper renew it, and check this machine's clock";

/** @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_FAULTS: ReadonlyMap<string, TlsFault> = new Map([
  ["CERT_HAS_EXPIRED", { why: "its certificate has expired", remedy: OUT_OF_TIME }],
  ["CERT_NOT_YET_VALID", { why: "its certificate isn't valid yet", remedy: OUT_OF_TIME }],
  ["CERT_REVOKED", { why: "its certificate was revoked", remedy: "let its keeper get a new one" }],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNTRUSTED],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT", UNTRUSTED],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNTRUSTED],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNTRUSTED],
]);

/**
 * @param error What a request failed with, or an error that has that as its cause.
 * @returns null if TLS is not at fault. Where it is, trying again changes nothing.
 */
export function tlsFault(error: unknown, { url }: Terms): TlsFault | null {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } };
  const code = String(cause?.code ?? "");
  const known = CERTIFICATE_FAULTS.get(code);
  if (known !== undefined) return { why: `${known.why}, ${code}`, remedy: known.remedy };
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return {
      why: `its certificate is for another host, ${code}`,
      remedy: `give ${url} the name that the certificate is for`,
    };
  }
  if (code !== "EPROTO" && !code.startsWith("ERR_SSL_")) return null;
  return { why: `no TLS connection came about, ${code}`, remedy: `check that ${url} has a port that is one for https` };
}
