import { execFileSync } from "node:child_process";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { DELIMITER, FLUSH, pktLine } from "../../../src/store/git/pkt-line.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import type { JobStore } from "../../../src/store/job-store.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import type { GitFault } from "../../../testing/git/git-server.mjs";
import { type ServedRepository, serveRepository, TOKEN } from "../../../testing/git/served-repository.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

let served: ServedRepository;
let store: JobStore;
let name: string;
let version: string | null;
let jobs = 0;

beforeAll(async () => {
  served = await serveRepository();
});
afterAll(() => served.close());
beforeEach(async () => {
  served.fault = () => undefined;
  store = await served.open();
  name = `words ${++jobs}`;
  version = (await store.swap(null, documentOf(name), inTime())).version;
  served.exchanges.length = 0;
});
afterEach(() => store.close());

const asked = () => served.exchanges.map(({ command, service }) => command || service);

function on(command: string, fault: GitFault): void {
  served.fault = (exchange) => (exchange.command === command ? fault : undefined);
}

describe("a refusal is shown in the server's words, with advice that fits", () => {
  const text = (status: number, body: string): GitFault => ({
    status,
    headers: { "content-type": "text/plain" },
    body,
  });
  /** Gitolite's answer has the form of an answer to the request for its refs. */
  const gitolite = (words: string): GitFault => ({
    status: 200,
    headers: { "content-type": "application/x-git-receive-pack-advertisement" },
    body: Buffer.concat([pktLine("# service=git-receive-pack\n"), FLUSH, pktLine(`ERR ${words}\n`)]),
  });
  const report = (reason: string, messages = ""): GitFault => {
    const lines = Buffer.concat([pktLine("unpack ok\n"), pktLine(`ng ${refOf(name)} ${reason}\n`), FLUSH]);
    const bands = [Buffer.concat([Buffer.of(1), lines]), Buffer.concat([Buffer.of(2), Buffer.from(messages)])];
    return {
      status: 200,
      headers: { "content-type": "application/x-git-receive-pack-result" },
      body: Buffer.concat([...bands.reverse().map(pktLine), FLUSH]),
    };
  };

  test.each<[forge: string, fault: () => GitFault, code: string, words: string, advice: string]>([
    [
      "GitHub, archived",
      () => text(403, "This repository was archived so it is read-only.\n"),
      "repository-read-only",
      "(403: This repository was archived so it is read-only)",
      "make it writable there",
    ],
    [
      "GitHub, single sign-on",
      () => text(403, "remote: The 'octo' organization has enabled or enforced SAML SSO.\n"),
      "sign-on-required",
      "SAML SSO)",
      "authorize the token for the single sign-on",
    ],
    [
      "GitHub, rate limit",
      () => ({
        status: 403,
        headers: { "content-type": "application/json" },
        body: '{"message":"You have exceeded a secondary rate limit."}',
      }),
      "rate-limited",
      "(403: You have exceeded a secondary rate limit)",
      "wait until the limit of that server ends",
    ],
    [
      "GitHub, a token that may not write",
      () => text(403, "Permission to octo-org/reports.git denied to bot.\n"),
      "token-may-not-write",
      "(403: Permission to octo-org/reports.git denied to bot)",
      "contents: write",
    ],
    [
      "gitolite",
      () => gitolite("FATAL: W any locks bot DENIED by fallthru\n(or you mis-spelled the reponame)"),
      "token-may-not-write",
      "(FATAL: W any locks bot DENIED by fallthru; (or you mis-spelled the reponame))",
      "contents: write",
    ],
    [
      "Gitea",
      () => report("pre-receive hook declined", "Gitea: User permission denied for writing.\n"),
      "token-may-not-write",
      "(pre-receive hook declined; Gitea: User permission denied for writing)",
      "contents: write",
    ],
    [
      "GitLab, a mirror",
      () => report("pre-receive hook declined", "GitLab: You can't push to a mirrored repository.\n"),
      "repository-read-only",
      "You can't push to a mirrored repository)",
      "keep the locks in another repository",
    ],
  ])("%s", async (_, fault, code, words, advice) => {
    on("push", fault());
    const error = await failureOf(store.swap(version, documentOf(name), inTime()));
    expect(error).toMatchObject({ code, effect: "none" });
    expect(error.message).toContain(words);
    expect(actionMessage(error)).toContain(advice);
    expect(asked()).toEqual(["push", "ls-refs"]);
    expect(served.repository.tip(refOf(name))).toBe(version);
  });

  test("of a read too", async () => {
    on("ls-refs", gitolite("FATAL: R any locks bot DENIED by fallthru"));
    const error = await failureOf(store.read([name], inTime()));
    expect(error).toMatchObject({ code: "token-may-not-read", effect: "none" });
    expect(error.message).toContain("(FATAL: R any locks bot DENIED by fallthru)");
    expect(asked()).toEqual(["ls-refs"]);
  });

  test("and is not sent again, also where a hook has words of its own", async () => {
    served.repository.hook("update", 'echo "Not on Fridays." >&2; exit 1');
    const error = await failureOf(store.swap(null, documentOf(`${name} new`), inTime()));
    served.repository.hook("update", "exit 0");
    expect(error).toMatchObject({ code: "update-refused", effect: "none" });
    expect(error.message).toContain("(hook declined; Not on Fridays)");
    expect(asked()).toEqual(["push", "ls-refs"]);
  });

  test("pushes of others that get in the way for a while are waited for", async () => {
    let refused = 0;
    served.fault = ({ command }) => (command === "push" && ++refused <= 6 ? report("failed") : undefined);
    const swapped = await store.swap(version, documentOf(name), inTime());
    expect(swapped.version).toBe(served.repository.tip(refOf(name)));
    expect(refused).toBe(7);
  });
});

const FOREIGN: [what: string, fault: GitFault][] = [
  ["an empty 200", { status: 200 }],
  ["null in JSON", { status: 200, headers: { "content-type": "application/json" }, body: "null" }],
  ["a page", { status: 200, headers: { "content-type": "text/html" }, body: "<p>Please log in" }],
  ["a 404", { status: 404 }],
  ["a 400", { status: 400 }],
];
/** Git's own answer, cut off at the end of a packet. */
const CUT: GitFault = {
  status: 200,
  headers: { "content-type": "application/x-git-receive-pack-result" },
  body: pktLine("unpack ok\n"),
};

describe("an answer to a push that is not the server's report", () => {
  test.each([...FOREIGN, ["a report that is cut short", CUT] as const])(
    "%s after the push was made",
    async (_, fault) => {
      on("push", { ...fault, carriedOut: true });
      const swapped = await store.swap(version, documentOf(name), inTime());
      expect(swapped.version).toBe(served.repository.tip(refOf(name)));
      expect(swapped.version).not.toBe(version);
      expect(asked()).toEqual(["push", "ls-refs"]);
    },
  );

  test.each(FOREIGN)("%s in place of the push leaves open whether it arrives later", async (_, fault) => {
    on("push", fault);
    expect(await failureOf(store.swap(version, documentOf(name), inTime()))).toMatchObject({ effect: "possible" });
    expect(asked()).toEqual(["push", "ls-refs"]);
  });

  test("a report that is cut short in place of the push has it sent again", async () => {
    let cuts = 0;
    served.fault = ({ command }) => (command === "push" && ++cuts === 1 ? CUT : undefined);
    const swapped = await store.swap(version, documentOf(name), inTime());
    expect(swapped.version).toBe(served.repository.tip(refOf(name)));
    expect(asked()).toEqual(["push", "ls-refs", "push"]);
  });
});

describe("an answer to a read of which the rest is missing, although it ends as HTTP says, is a lost answer", () => {
  const read = () => store.read([name], inTime());
  /** Git's own answer to each request of a read. */
  async function wholeAnswers(): Promise<ReadonlyMap<string, Buffer>> {
    const tip = `${version}`;
    const requests = new Map([
      ["ls-refs", [pktLine(`ref-prefix ${refOf(name)}\n`)]],
      ["fetch", ["no-progress\n", "deepen 1\n", `want ${tip}\n`, "done\n"].map(pktLine)],
    ]);
    const answers = [...requests].map(async ([command, lines]) => {
      const response = await fetch(`${served.url}/git-upload-pack`, {
        method: "POST",
        headers: {
          "content-type": "application/x-git-upload-pack-request",
          "git-protocol": "version=2",
          authorization: `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`,
        },
        body: Buffer.concat([pktLine(`command=${command}\n`), DELIMITER, ...lines, FLUSH]),
      });
      return [command, Buffer.from(await response.arrayBuffer())] as const;
    });
    return new Map(await Promise.all(answers));
  }
  const partOf = (whole: Buffer, length: number): GitFault => ({
    status: 200,
    headers: { "content-type": "application/x-git-upload-pack-result" },
    body: whole.subarray(0, length),
  });

  test.each(["ls-refs", "fetch"])("%s is sent again", async (command) => {
    const whole = (await wholeAnswers()).get(command) ?? Buffer.of();
    expect(whole.length).toBeGreaterThan(60);
    for (const length of [1, 3, 4, 30, whole.length - FLUSH.length, whole.length - 1]) {
      let answers = 0;
      served.fault = (exchange) =>
        exchange.command === command && ++answers === 1 ? partOf(whole, length) : undefined;
      // The pack is complete without the last packet.
      const isNeeded = command === "ls-refs" || length !== whole.length - FLUSH.length;
      expect((await read()).records.get(name)?.version).toBe(version);
      expect([length, answers]).toEqual([length, isNeeded ? 2 : 1]);
    }
  });

  test("and if no whole answer comes in time, the server counts as unreachable", async () => {
    const whole = (await wholeAnswers()).get("ls-refs") ?? Buffer.of();
    on("ls-refs", partOf(whole, 30));
    const error = await failureOf(store.read([name], deadlineIn(300)));
    expect(error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(error.message).toContain("sent only a part of its answer");
  });
});

describe("a repository that cannot keep locks is known at the first read", () => {
  test("for SHA-256 ids", async () => {
    execFileSync("git", [
      "init",
      "-q",
      "--bare",
      "--object-format=sha256",
      path.join(served.repository.root, "sha.git"),
    ]);
    const other = await served.open({ name: "sha.git" });
    const error = await failureOf(other.read([name], inTime()));
    expect(error).toMatchObject({ code: "repository-unsupported", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /cannot keep locks \(its objects have SHA-256 ids\): use a repository with SHA-1/,
    );
    await other.close();
  });

  test.each<[answer: string, fault: GitFault]>([
    ["its git's answer", { oldProtocol: true }],
    ["an empty 200", { status: 200, headers: { "content-type": "application/x-git-upload-pack-result" } }],
    ["a 500", { status: 500 }],
    ["a 405", { status: 405 }],
    ["nothing but a 200", { status: 200 }],
    ["no answer", { cut: "before" }],
  ])("for a server without protocol v2: %s", async (_, fault) => {
    served.fault = ({ command }) => (command === "ls-refs" ? fault : { oldProtocol: true });
    const error = await failureOf(store.read([name], inTime()));
    expect(error).toMatchObject({ code: "repository-unsupported", effect: "none" });
    expect(error.message).toContain("(its server does not speak version 2 of git's protocol)");
    expect(served.exchanges.length).toBeLessThanOrEqual(3);
  });

  test("and a passing fault is not taken for it", async () => {
    let faults = 0;
    served.fault = ({ command }) => (command === "ls-refs" && ++faults <= 3 ? { status: 500 } : undefined);
    expect((await store.read([name], inTime())).records.get(name)?.version).toBe(version);
  });
});

test("a chain of 10,000 links costs the same requests and bytes as one of 1", async () => {
  const costs: { readonly command: string; readonly sent: number; readonly received: number }[][] = [];
  for (const [at, length] of [2, 10_000].entries()) {
    const document = { ...documentOf(`chain ${at}`), chained: true, revision: "0".repeat(36) };
    const tip = served.repository.history(length, `A document\n\n${JSON.stringify(document)}`);
    served.repository.git(["update-ref", refOf(document.name), tip]);
    served.exchanges.length = 0;
    const record = (await store.read([document.name], inTime())).records.get(document.name);
    const swapped = await store.swap(tip, record?.state ?? document, inTime());
    expect(served.repository.git(["rev-parse", `${swapped.version}^`])).toBe(tip);
    costs.push(served.exchanges.map(({ command, sent, received }) => ({ command, sent, received })));
  }
  const [short = [], long = []] = costs;
  expect(long.map(({ command }) => command)).toEqual(["ls-refs", "fetch", "push"]);
  for (const [at, { sent, received }] of long.entries()) {
    // Compressed ids and dates differ by a few bytes.
    expect(Math.abs(sent - (short[at]?.sent ?? 0))).toBeLessThan(20);
    expect(Math.abs(received - (short[at]?.received ?? 0))).toBeLessThan(30);
  }
});

test("no secret of the request is shown, also where the server repeats it", async () => {
  const basic = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
  const other = await served.open({ token: TOKEN });
  on("push", { status: 403, headers: { "content-type": "text/plain" }, body: `No: ${TOKEN} and Basic ${basic}` });
  const error = await failureOf(other.swap(version, documentOf(name), inTime()));
  expect(error.message).toMatch(/\(403: No: \*\*\* and Basic \*\*\*\)$/);
  await other.close();
});

test("a secret at the place where a long text is cut off is not shown in part", async () => {
  const other = await served.open({ token: TOKEN });
  on("push", { status: 403, headers: { "content-type": "text/plain" }, body: `${"No. ".repeat(45)}${TOKEN} again` });
  const error = await failureOf(other.swap(version, documentOf(name), inTime()));
  expect(error.message).not.toContain(TOKEN.slice(0, 5));
  await other.close();
});

test.each(["words", "refs", "unpack ok", "1", "ok"])(
  "a password that git's answers contain, %j, changes none of them",
  async (token) => {
    const other = await served.open({ token });
    const job = `refs ok words ${token}`;
    const first = await other.swap(null, documentOf(job), inTime());
    expect(first.version).not.toBeNull();
    expect((await other.read([job], inTime())).records.get(job)?.version).toBe(first.version);
    expect((await other.swap(first.version, documentOf(job), inTime())).version).not.toBeNull();
    await other.close();
  },
);
