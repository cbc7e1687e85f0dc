import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { BackendOptions } from "../../../src/backend/open-backend.ts";
import { pktLine } from "../../../src/store/git/pkt-line.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import type { GitFault } from "../../../testing/git/git-server.mjs";
import { type ServedRepository, serveRepository, TOKEN } from "../../../testing/git/served-repository.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

const NAME = "report";
/** The requests of a call that fails for good. After a failed push the store reads the ref again. */
const REQUESTS = { read: 1, swap: 2 };

let served: ServedRepository;
/** Another server, which needs no token. */
let elsewhere: ServedRepository;
let version: string | null;

beforeAll(async () => {
  [served, elsewhere] = [await serveRepository(TOKEN), await serveRepository()];
  const store = await served.open();
  version = (await store.swap(null, documentOf(NAME), inTime())).version;
  await store.close();
});
afterAll(() => Promise.all([served.close(), elsewhere.close()]));
beforeEach(() => {
  served.fault = () => undefined;
  served.exchanges.length = 0;
  elsewhere.exchanges.length = 0;
});
afterEach(() => {
  expect(served.repository.tip(refOf(NAME))).toBe(version);
});

/** @returns the error of a read or a swap, which must not contain the token. */
async function failureOn(call: "read" | "swap", options: Partial<BackendOptions> & { name?: string } = {}) {
  const store = await served.open(options);
  const error = await failureOf(
    call === "read" ? store.read([NAME], inTime()) : store.swap(version, documentOf(NAME), inTime()),
  );
  await store.close();
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    for (const secret of [TOKEN, Buffer.from(`x-access-token:${TOKEN}`).toString("base64")]) {
      expect(`${cause.message} ${cause.stack} ${served.log.join()}`).not.toContain(secret);
    }
  }
  return error;
}

const asked = () => served.exchanges.map(({ command }) => command);

const html: GitFault = { status: 200, headers: { "content-type": "text/html; charset=utf-8" } };

const REFUSALS: [what: string, call: "read" | "swap", fault: GitFault, code: string, remedy: string][] = [
  [
    "403 on a read",
    "read",
    { status: 403 },
    "token-may-not-read",
    'add "permissions: contents: write" to the workflow or job',
  ],
  ["403 on a swap", "swap", { status: 403 }, "token-may-not-write", "a pull request from a fork has a read-only token"],
  ["404 on a read", "read", { status: 404 }, "repository-not-found", "check the input url"],
  [
    "404 on a swap",
    "swap",
    { status: 404 },
    "repository-not-found",
    'or add "permissions: contents: write" to the workflow or job',
  ],
  ["401 on a swap", "swap", { status: 401 }, "token-refused", "set the input token to one that is valid there"],
  [
    "a page in HTML on a read",
    "read",
    html,
    "not-a-repository",
    "answered with text/html; charset=utf-8, not as a git server",
  ],
  [
    "a page in HTML on a swap",
    "swap",
    html,
    "not-a-repository",
    "check that the input url is the address of a git repository",
  ],
  ["200 and nothing else", "read", { status: 200 }, "not-a-repository", "answered with no content type"],
  ["400", "read", { status: 400 }, "not-a-repository", "it answered 400"],
  ["410 on a swap", "swap", { status: 410 }, "not-a-repository", "it answered 410"],
];

describe("a server that refuses", () => {
  test.each(REFUSALS)(
    "with %s is an error with a remedy, and gets no further attempt",
    async (_, call, fault, code, remedy) => {
      served.fault = ({ command }) => (command === (call === "read" ? "ls-refs" : "push") ? fault : undefined);
      const error = await failureOn(call);
      // A proxy may have sent the answer after the server carried the push out. So the store reads the ref.
      const isRefusal = call === "read" || fault.status === 401 || fault.status === 403;
      expect(error).toMatchObject({ code, effect: isRefusal ? "none" : "possible" });
      expect(error.message).toContain(served.url);
      expect(actionMessage(error)).toContain(remedy);
      // The store also requests the capabilities of a server that lacks the command.
      const isUnknown = fault.status === 400 || (fault.status === 200 && fault.headers === undefined);
      expect(asked()).toEqual(call === "swap" ? ["push", "ls-refs"] : isUnknown ? ["ls-refs", ""] : ["ls-refs"]);
    },
  );

  test("that lacks the object of a ref is an error with its words, after four attempts", async () => {
    served.fault = ({ command }) =>
      command === "fetch"
        ? {
            status: 200,
            headers: { "content-type": "application/x-git-upload-pack-result" },
            body: pktLine("ERR upload-pack: not our ref"),
          }
        : undefined;
    const error = await failureOn("read");
    expect(error).toMatchObject({ code: "ref-without-object", effect: "none" });
    expect(error.message).toContain(`has lost the object that ${refOf(NAME)} points to (upload-pack: not our ref)`);
    expect(actionMessage(error)).toContain(`: remove the ref: git push ${served.url} --delete ${refOf(NAME)}`);
    expect(served.exchanges).toHaveLength(8);
  });

  test.each(["read", "swap"] as const)("a %s without a token", async (call) => {
    const error = await failureOn(call, { token: "" });
    expect(error).toMatchObject({ code: "token-missing", effect: "none" });
    expect(actionMessage(error)).toContain("asks for credentials (401): set the input token to one that may write");
    expect(served.exchanges.map(({ authorization }) => authorization)).toStrictEqual(
      Array(REQUESTS[call]).fill(undefined),
    );
  });

  test.each(["read", "swap"] as const)("a %s with another token", async (call) => {
    const error = await failureOn(call, { token: "ghs_expired" });
    expect(error).toMatchObject({ code: "token-refused", effect: "none" });
    expect(error.message).toContain("refused the token (401)");
    expect(error.message).not.toContain("ghs_expired");
  });

  test.each(["read", "swap"] as const)("a %s of a repository that isn't there", async (call) => {
    const error = await failureOn(call, { name: "nothing.git" });
    expect(error).toMatchObject({ code: "repository-not-found", effect: call === "read" ? "none" : "possible" });
    expect(error.message).toContain("nothing.git is no repository that the token may see (404)");
  });
});

test("the token is the password of basic authentication, and nowhere else in a request", async () => {
  const store = await served.open();
  await store.read([NAME], inTime());
  await store.close();
  const basic = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
  expect(served.exchanges.map(({ authorization }) => authorization)).toEqual([basic, basic]);
});

describe("a redirect", () => {
  const to = (location: string, status = 302): GitFault => ({ status, headers: { location } });

  test.each([301, 302, 307, 308])("of %i on the same origin is followed, with the token", async (status) => {
    served.fault = ({ service }) =>
      served.exchanges.length % 2 === 1 ? to(`/${served.repository.name}/${service}`, status) : undefined;
    const store = await served.open({ name: "renamed.git" });
    expect((await store.read([NAME], inTime())).records.get(NAME)?.version).toBe(version);
    version = (await store.swap(version, documentOf(NAME), inTime())).version;
    expect(version).not.toBeNull();
    expect(served.exchanges).toHaveLength(6);
    expect(new Set(served.exchanges.map(({ authorization }) => authorization)).size).toBe(1);
    await store.close();
  });

  test.each(["read", "swap"] as const)("of a %s to another origin is followed without the token", async (call) => {
    served.fault = ({ service }) => to(`${elsewhere.url}/${service}`);
    elsewhere.fault = () => ({ status: 401 });
    const error = await failureOn(call);
    expect(error).toMatchObject({ code: "token-refused", effect: "none" });
    expect(error.message).toContain(`after a redirect to ${new URL(elsewhere.url).origin}, which gets no token`);
    expect(elsewhere.exchanges.map(({ authorization }) => authorization)).toStrictEqual(
      Array(REQUESTS[call]).fill(undefined),
    );
  });

  test("to another origin and back has the token again at the end alone", async () => {
    served.fault = ({ service }) => (served.exchanges.length === 1 ? to(`${elsewhere.url}/${service}`) : undefined);
    elsewhere.fault = ({ service }) => to(`${served.url}/${service}`);
    const store = await served.open();
    expect((await store.read([NAME], inTime())).records.has(NAME)).toBe(true);
    await store.close();
    expect(served.exchanges.map(({ authorization }) => authorization !== undefined)).toEqual([true, true, true]);
    expect(elsewhere.exchanges.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test("without end is given up", async () => {
    served.fault = ({ service }) => to(`${served.url}/${service}`);
    expect(await failureOn("read")).toMatchObject({
      code: "not-a-repository",
      message: expect.stringContaining("answered 302"),
    });
    expect(served.exchanges).toHaveLength(4);
  });

  test.each(["file:///etc/passwd", "ftp://127.0.0.1/", "http://"])("to %s isn't followed", async (location) => {
    served.fault = () => to(location);
    expect(await failureOn("read")).toMatchObject({ code: "not-a-repository" });
    expect(served.exchanges).toHaveLength(1);
  });
});
