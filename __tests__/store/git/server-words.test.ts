import { describe, expect, test } from "@jest/globals";
import { noContactIn, pushLineIn, remoteErrorIn } from "../../../src/store/git/git-command-words.ts";
import { pktLine } from "../../../src/store/git/pkt-line.ts";
import { missingSupport } from "../../../src/store/git/protocol-support.ts";
import { OBJECT_MISSING, refusedUpdate } from "../../../src/store/git/refusal.ts";
import { serverWords, wordsOfBody } from "../../../src/store/git/server-words.ts";

describe("a server's words", () => {
  test.each([
    [["hook declined", "error: \n\nfatal: No locks here.\n"], "hook declined; No locks here"],
    [["error:", "error: cannot lock ref"], "cannot lock ref"],
    [["====\n\nERROR: The project could not be found.\n\n===="], "The project could not be found"],
    [["\u001b[31mNo\u001b[0m\tlocks\u0007 here"], "No locks here"],
    [["FATAL: W any locks bot DENIED by fallthru"], "FATAL: W any locks bot DENIED by fallthru"],
    [["failed", "failed"], "failed"],
    [["", "  "], ""],
  ])("%j are shown as %j", (texts, shown) => {
    expect(serverWords(...texts)).toBe(shown);
  });

  test("are cut off after 200 characters", () => {
    expect(serverWords("x".repeat(1_000))).toHaveLength(200);
  });

  test("are text, or a message in JSON, and never a page", () => {
    const of = (contentType: string, body: string) =>
      wordsOfBody({ contentType, body: Buffer.from(body) }, (text) => text);
    expect(of("text/plain; charset=utf-8", "Repository was archived.\n")).toBe("Repository was archived");
    expect(of("application/json", '{"message":"No."}')).toBe("No");
    expect(of("application/problem+json", '{"message":1}')).toBe("");
    expect(of("application/json", "<")).toBe("");
    expect(of("text/html", "<p>Sorry")).toBe("");
  });
});

const REF = "refs/cronyx/webhook-rules-denied-0";

/** Words of git and of forges, with their meaning: first the reason for the ref, then the messages. */
const REFUSALS: [reason: string, messages: string, code: string][] = [
  ["failed", "", "update-failed"],
  ["failed to update ref", `error: cannot lock ref '${REF}': is at 1 but expected 2`, "update-failed"],
  [`cannot lock ref '${REF}': Unable to create '/srv/hooks/${REF}.lock': File exists.`, "", "update-failed"],
  [
    "unpack unable to create temporary object directory",
    "fatal: write error: No space left on device",
    "update-failed",
  ],
  ["failed", "Welcome. Mind the rules: private mirrors are forbidden", "update-failed"],
  ["reference already exists", "", "update-failed"],
  ["lock error", "", "update-failed"],
  ["internal server error", "", "update-failed"],
  ["hook declined", "Locks belong elsewhere", "update-refused"],
  ["failed to update ref", "fatal: ref updates aborted by hook", "update-refused"],
  [
    "push declined due to repository rule violations",
    "error: GH013: Repository rule violations found",
    "update-refused",
  ],
  ["protected branch hook declined", "error: GH006: Protected branch update failed", "update-refused"],
  ["deny updating a hidden ref", "", "update-refused"],
  ["non-fast-forward", "", "not-fast-forward"],
  ["prohibited by Gerrit: not permitted: force update", "", "not-fast-forward"],
  ["hook declined", `FATAL: + ${REF} locks bot DENIED by refs/.*`, "not-fast-forward"],
  ["pre-receive hook declined", "Force pushes are not allowed", "not-fast-forward"],
  ["pre-receive hook declined", "Gitea: User permission denied for writing.", "token-may-not-write"],
  ["FATAL: W any locks bot DENIED by fallthru", "", "token-may-not-write"],
  ["pre-receive hook declined", "GitLab: You are not allowed to push code to this project.", "token-may-not-write"],
  ["pre-receive hook declined", "mirror repository is read-only", "repository-read-only"],
  ["This repository was archived so it is read-only.", "", "repository-read-only"],
  ["The key you are authenticating with has been marked as read only.", "", "token-may-not-write"],
  ["refused", "You must authorize this token for SAML SSO", "sign-on-required"],
  ["declined", "You have exceeded a secondary rate limit", "rate-limited"],
];

test.each(REFUSALS)("an update refused with %j and %j is %s", (reason, messages, code) => {
  const error = refusedUpdate({ place: "here", ref: REF, reason, messages, forbidden: "token-may-not-write" });
  expect(error).toMatchObject({ code, effect: "none", retryAfter: code === "update-failed" ? 0 : null });
});

test("a server that cannot write its own files gets no further attempt", () => {
  const messages = "error: insufficient permission for adding an object to repository database ./objects";
  const about = { place: "here", ref: REF, messages, forbidden: "token-may-not-write" } as const;
  expect(refusedUpdate({ ...about, reason: "unpack unpack-objects abnormal exit" })).toMatchObject({
    code: "update-failed",
    retryAfter: null,
  });
});

const END =
  "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";

describe("the output of git", () => {
  test.each([
    ["ERROR: The key you are authenticating with has been marked as read only.\n", false],
    ["remote: \nremote: ====\nremote: \nremote: ERROR: The project could not be found.\nremote: \n", false],
    ["git@host: Permission denied (publickey).\n", false],
    ["Host key verification failed.\n", false],
    ["ssh: connect to host h port 22: Connection timed out\n", true],
    ["ssh: Could not resolve hostname h: Name or service not known\n", true],
    ["kex_exchange_identification: Connection closed by remote host\n", true],
    ["Warning: Permanently added 'h' (ED25519) to the list of known hosts.\n", true],
    ["", true],
  ])("%j before it lists the refs: transient is %s", (words, isTransient) => {
    expect(noContactIn(words + END)).toMatchObject({ isTransient });
  });

  test("the words of the other side have no empty lines", () => {
    const words = "error: \nerror: The project could not be found.\nerror: \n";
    expect(noContactIn(words + END)?.words).toBe("The project could not be found");
    expect(noContactIn("fatal: the remote end hung up unexpectedly\n")).toBeNull();
    expect(noContactIn(`remote: ${END}fatal: the remote end hung up unexpectedly\n`)).toBeNull();
    expect(remoteErrorIn("fatal: remote error: upload-pack: not our ref 1\n")).toBe("upload-pack: not our ref 1");
  });

  test("the report on a push", () => {
    const of = (line: string) => pushLineIn(`To ssh://h/r\n${line}\nDone\n`, `a:${REF}`);
    expect(of(`*\ta:${REF}\t[new reference]`)).toEqual({ outcome: "moved" });
    expect(of(`=\ta:${REF}\t[up to date]`)).toEqual({ outcome: "unmoved" });
    expect(of(`!\ta:${REF}\t[remote rejected] (hook declined)`)).toEqual({
      outcome: "refused",
      reason: "hook declined",
    });
    expect(of(`!\ta:${REF}\t[rejected] (stale info)`)).toEqual({ outcome: "unsent", reason: "stale info" });
    expect(of(`!\ta:${REF}\t[remote failure] (remote failed to report status)`)).toBeNull();
    expect(of("")).toBeNull();
  });
});

describe("a server's capabilities", () => {
  const of = (...lines: string[]) => missingSupport(Buffer.concat([...lines.map(pktLine), Buffer.from("0000")]));
  const service = "# service=git-upload-pack\n";
  const sha1 = "1".repeat(40);

  test.each([
    [[service, "version 2\n", "ls-refs\n", "object-format=sha1\n"], null],
    [["version 2\n", "object-format=sha256\n"], "its objects have SHA-256 ids"],
    [[service, `${"1".repeat(64)} HEAD\0multi_ack\n`], "its objects have SHA-256 ids"],
    [[service, `${sha1} HEAD\0multi_ack\n`], "its server does not speak version 2 of git's protocol"],
    [["version 1\n", `${sha1} HEAD\0multi_ack\n`], "its server does not speak version 2 of git's protocol"],
    [["something else"], null],
  ])("%j lack %j", (lines, lack) => {
    expect(of(...lines)).toBe(lack);
  });

  test("of a server of files, and of none", () => {
    expect(missingSupport(Buffer.from(`${sha1}\trefs/heads/main\n`))).toContain("version 2");
    expect(missingSupport(Buffer.from("<html>"))).toBeNull();
    expect(missingSupport(Buffer.alloc(0))).toBeNull();
  });
});

test.each([
  ["upload-pack: not our ref 1", true],
  ["aborting due to possible repository corruption on the remote side.", true],
  ["error: object file ./objects/f4/6d is empty", true],
  ["bad object 1", true],
  ["FATAL: R any locks bot DENIED by fallthru", false],
  ["The token is missing a permission", false],
  ["unable to read the password", false],
])("a refusal to send objects, %j, is about a lost object: %s", (words, isLost) => {
  expect(OBJECT_MISSING.test(words)).toBe(isLost);
});
