import { expect, test } from "@jest/globals";
import { tlsFailure } from "../../src/network/tls-failure.ts";

const withCode = (code: string) => Object.assign(new Error("failed"), { code });

test.each([
  ["CERT_HAS_EXPIRED", "certificate-expired", "has a certificate that has expired"],
  ["CERT_NOT_YET_VALID", "certificate-expired", "has a certificate that is not valid yet"],
  ["CERT_REVOKED", "certificate-revoked", "has a certificate that was revoked"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate-for-another-host", "has a certificate for another host"],
  ["HOSTNAME_MISMATCH", "certificate-for-another-host", "has a certificate for another host"],
  ...[
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_UNTRUSTED",
    "CERT_SIGNATURE_FAILURE",
    "CERT_CHAIN_TOO_LONG",
    "INVALID_CA",
    "INVALID_PURPOSE",
  ].map((code) => [
    code,
    "certificate-untrusted",
    "has a certificate from an authority that this machine does not trust",
  ]),
  ["EPROTO", "tls-failed", "made no TLS connection"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-failed", "made no TLS connection"],
])("%s is %s, and the problem contains the code", (code, ours, problem) => {
  expect(tlsFailure(withCode(code))).toEqual({ code: ours, problem: `${problem} (${code})` });
});

test.each([
  ["EPROTO", false],
  ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", false],
  ["ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", false],
  ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", false],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", true],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", true],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", true],
  ["CERT_HAS_EXPIRED", true],
])("on a TLS connection, %s says that the server refused it: %s", (code, isRefused) => {
  expect(tlsFailure(withCode(code), true) !== null).toBe(isRefused);
});

test.each([withCode("ECONNRESET"), withCode("ECONNREFUSED"), new Error("no code"), null, undefined, "text", {}])(
  "%s is no failure of TLS",
  (error) => {
    expect(tlsFailure(error)).toBeNull();
  },
);
