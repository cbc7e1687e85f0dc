import { afterAll, describe, expect, test } from "@jest/globals";
import { commitOf, EMPTY_TREE, type GitObject, idOf, messageInCommit } from "../../../src/store/git/objects.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";

const repository = new BareRepository();
afterAll(() => repository.remove());

describe("an object's id is the one that git gives it", () => {
  test.each<[string, GitObject]>([
    ["the empty tree", EMPTY_TREE],
    ["an empty blob", { type: "blob", body: Buffer.alloc(0) }],
    ["a blob of any bytes", { type: "blob", body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) }],
    ["a blob of characters beyond ASCII", { type: "blob", body: Buffer.from("日報 ☂ é\n") }],
    ["a commit", commitOf("report: finished\n\n{}\n", Date.parse("2026-11-24T00:00:00.999Z"))],
    ["a commit with no message", commitOf("", 0)],
    ["a commit with an odd message", commitOf("\n\nlate ☂\r\n# no comment\nParent: none", 1)],
  ])("%s", (_, object) => {
    expect(repository.git(["hash-object", "-t", object.type, "-w", "--stdin"], object.body)).toBe(idOf(object));
  });
});

test("git shows a commit without parents and files, with its message and the second of its creation", () => {
  const message = '☂ report: running\n\n{\n  "v": 1\n}\n';
  const commit = commitOf(message, Date.parse("2026-11-24T00:00:07.999Z"));
  const id = repository.git(["hash-object", "-t", "commit", "-w", "--stdin"], commit.body);
  const shown = repository.git(["log", "-1", "--format=%P|%T|%aI|%cI|%B", id]);
  const at = "2026-11-24T00:00:07+00:00";
  expect(shown.replaceAll("Z|", "+00:00|")).toBe(`|${idOf(EMPTY_TREE)}|${at}|${at}|${message.trim()}`);
  expect(messageInCommit(commit.body)).toBe(message);
});

test("a commit with other headers, or none, has its message after the first empty line", () => {
  expect(messageInCommit(Buffer.from("tree 1\nparent 2\ngpgsig -----\n \n -----\n\nHello\n\nworld"))).toBe(
    "Hello\n\nworld",
  );
  expect(messageInCommit(Buffer.from("tree 1\n"))).toBe("");
});
