import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * Makes a certificate for a host that no authority has signed. It is valid for two days.
 *
 * @param address An IP address that it is for too.
 */
export function selfSignedCertificate(
  host: string,
  address = "127.0.0.1",
): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(path.join(tmpdir(), "cronyx-certificate-"));
  try {
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-days", "2", "-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host},IP:${address}`];
    execFileSync("openssl", [...request, ...name, "-keyout", key, "-out", cert], { stdio: "pipe" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
