import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import { runOf, Step } from "../../testing/action/runner.mjs";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe("an unreachable server has an error with its cause", () => {
  const reset = () => net.createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const silent = () => net.createServer((socket) => void closing.push(() => socket.destroy()));
  test.each<[what: string, url: () => Promise<string>, says: RegExp, deadline?: number]>([
    ["a port that refuses", async () => "http://127.0.0.1:1", /connect ECONNREFUSED/],
    ["a name that does not resolve", async () => "http://nowhere.invalid", /getaddrinfo (ENOTFOUND|EAI_AGAIN)/, 5_000],
    ["a connection that is reset", async () => `http://127.0.0.1:${await listening(reset())}`, /ECONNRESET/],
    ["no answer", async () => `http://127.0.0.1:${await listening(silent())}`, /\(no answer in time\)/],
  ] as [string, () => Promise<string>, RegExp, number?][])("%s", async (_, url, says, deadline = 300) => {
    await using client = new CronyxClient({ url: await url(), deadline }, { warn: () => {} });
    // After a start with a lock, the client would try to abandon it for ten more seconds: client.system.test.ts shows that.
    const start = client.requestJobStart({ jobName: "report", jobInterval: 1, noLock: true });
    const error = await start.catch((reason) => reason);
    expect(error).toMatchObject({ name: "CronyxClientError", code: "unreachable", cause: { name: "ServiceError" } });
    expect(error.message).toMatch(says);
  });
});

describe("a certificate that", () => {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe", cwd: folder });
  beforeAll(() => {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    openssl("req", "-new", ...key, ...name, "-out", "request.pem");
    for (const [file, days] of Object.entries({ "good.pem": "2", "expired.pem": "-1" })) {
      const sign = ["-signkey", "key.pem", "-copy_extensions", "copy", "-days", days];
      openssl("x509", "-req", "-in", "request.pem", ...sign, "-out", file);
    }
  });

  /** @param trusted The certificates that this machine trusts in addition to Node's own. */
  async function failure(certificate: string, host: string, trusted = certificate): Promise<string> {
    const [key, cert] = ["key.pem", certificate].map((name) => readFileSync(path.join(folder, name)));
    const server = https.createServer({ key, cert }, (_, response) => response.writeHead(401).end());
    const url = `https://${host}:${await listening(server)}`;
    const step = new Step({
      dist: path.resolve(import.meta.dirname, "../../dist"),
      temporary: path.join(folder, "runner"),
      inputs: { url, "job-name": "report", "job-interval": "1 hour" },
      env: { ...runOf("report"), NODE_EXTRA_CA_CERTS: path.join(folder, trusted) },
    });
    const { code, log } = await step.main();
    expect(code).toBe(1);
    // There was only one attempt.
    expect(log.filter((line) => line.includes("trying again"))).toEqual([]);
    return log.at(-1) ?? "";
  }

  test("is good gets through", async () => {
    expect(await failure("good.pem", "localhost")).toMatch(/asks for credentials \(401\)/);
  });

  test("has expired", async () => {
    expect(await failure("expired.pem", "localhost")).toMatch(
      /has a certificate that has expired \(CERT_HAS_EXPIRED\): renew the certificate there/,
    );
  });

  test("is for another host", async () => {
    expect(await failure("good.pem", "127.0.0.1")).toMatch(
      /has a certificate for another host \(ERR_TLS_CERT_ALTNAME_INVALID\): set the input url to a host name/,
    );
  });
});

test.each([
  ["http://locks.example.com", 1],
  ["http://10.0.0.7:3000/team", 1],
  ["https://locks.example.com", 0],
  ["http://localhost:3000", 0],
  ["http://127.0.0.1", 0],
  ["http://[::1]", 0],
  ["git+http://127.0.0.1/a", 0],
])("a client of %s warns %i times that it is asked unprotected", async (url, times) => {
  const warnings: string[] = [];
  const client = new CronyxClient({ url }, { warn: (warning) => warnings.push(warning) });
  await client.close();
  expect(warnings).toEqual(
    Array(times).fill(expect.stringContaining(`"${url}" is plain http, so others on the way can read the credentials`)),
  );
});
