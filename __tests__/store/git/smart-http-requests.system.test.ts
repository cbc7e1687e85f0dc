import https from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { serveGit } from "../../../testing/git/git-server.mjs";
import { openStoreAt, type ServedRepository, serveRepository, TOKEN } from "../../../testing/git/served-repository.ts";
import { selfSignedCertificate } from "../../../testing/network/self-signed-certificate.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

let served: ServedRepository;
beforeAll(async () => {
  served = await serveRepository(TOKEN);
});
afterAll(() => served.close());
beforeEach(() => {
  served.fault = () => undefined;
  served.exchanges.length = 0;
});

const paths = () => served.exchanges.map(({ path, service }) => path.slice(0, -service.length - 1));

describe("a server that has a repository only under a name with .git", () => {
  beforeEach(() => {
    served.fault = ({ path }) => (path.includes(".git/") ? undefined : { status: 404 });
  });

  test("gets that name after one 404, and from then on", async () => {
    const store = await served.open({ name: "locks" });
    const { version } = await store.swap(null, documentOf("suffix"), inTime());
    expect((await store.read(["suffix"], inTime())).records.get("suffix")?.version).toBe(version);
    expect(paths()).toEqual(["/locks", "/locks.git", "/locks.git", "/locks.git"]);
    await store.close();
  });

  test("and not the repository: the message names both addresses", async () => {
    const store = await served.open({ name: "nothing/" });
    const error = await failureOf(store.read(["suffix"], inTime()));
    expect(error).toMatchObject({ code: "repository-not-found", effect: "none" });
    const address = served.url.replace("locks.git", "nothing");
    expect(error.message).toBe(
      `${address} is no repository that the token may see (404), and neither is ${address}.git`,
    );
    expect(paths()).toEqual(["/nothing", "/nothing.git"]);
    await store.close();
  });
});

test("a 404 is not tried otherwise where the address has .git, or has answered before", async () => {
  const store = await served.open({ name: "locks" });
  await store.read(["answered"], inTime());
  served.fault = () => ({ status: 404 });
  expect((await failureOf(store.read(["answered"], inTime()))).message).toMatch(/\(404\)$/);
  expect(paths()).toEqual(["/locks", "/locks"]);
  await store.close();
});

describe("a user name", () => {
  const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;

  test("is sent with the password, in place of the token", async () => {
    const credentials = { kind: "basic", username: "jenkins", password: TOKEN } as const;
    const store = await served.open({ token: "another", credentials });
    expect((await store.swap(null, documentOf("user"), inTime())).version).toBe(served.repository.tip(refOf("user")));
    expect(served.exchanges.map(({ authorization }) => authorization)).toEqual([basic(`jenkins:${TOKEN}`)]);
    await store.close();
  });

  test("or a password that is refused has its own error code", async () => {
    const store = await served.open({ credentials: { kind: "basic", username: "jenkins", password: "s3cret" } });
    const error = await failureOf(store.read(["user"], inTime()));
    expect(error).toMatchObject({ code: "login-refused", effect: "none" });
    expect(actionMessage(error)).toMatch(/refused the user name or the password \(401\): set the inputs username and/);
    expect(actionMessage(error)).not.toContain("s3cret");
    await store.close();
  });
});

test.each(["localhost", "git.example.test"])(
  "a certificate of no authority, for %s, is refused at once",
  async (host) => {
    const server = https.createServer(selfSignedCertificate(host), (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    const log: string[] = [];
    const { port } = server.address() as AddressInfo;
    const store = await openStoreAt(`https://localhost:${port}/locks.git`, { log: (line) => log.push(line) });
    const calls = [() => store.read(["tls"], inTime()), () => store.swap(null, documentOf("tls"), inTime())];
    for (const call of calls) {
      const error = await failureOf(call());
      expect(error).toMatchObject({ code: "certificate-untrusted", effect: "none" });
      expect(actionMessage(error)).toContain(
        ": set NODE_EXTRA_CA_CERTS to a file with the certificate of that authority",
      );
    }
    expect(log).toEqual([]);
    await store.close();
    server.close();
  },
);

test("a server at an IPv6 address is reached", async () => {
  const server = await serveGit({ root: served.repository.root, host: "::1" });
  const store = await openStoreAt(server.url("locks.git"));
  const { version } = await store.swap(null, documentOf("six"), inTime());
  expect((await store.read(["six"], inTime())).records.get("six")?.version).toBe(version);
  await store.close();
  await server.close();
});
