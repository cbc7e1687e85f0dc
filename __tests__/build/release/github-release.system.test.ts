import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

const SCRIPT = path.resolve(import.meta.dirname, "../../../build/release/github-release.mjs");

/** Stands for `gh`: keeps the releases in a file, logs its arguments, and fails where FAILING is the command's name. */
const GH = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const [topic, command, tag, ...rest] = process.argv.slice(2);
appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
let releases = existsSync("releases") ? JSON.parse(readFileSync("releases", "utf8")) : [];
if (topic === "api") {
  console.log(JSON.stringify(releases));
} else {
  if (command === process.env.FAILING) process.exit(1);
  if (command === "delete") releases = releases.filter((release) => release.tag_name !== tag);
  if (command === "create") releases.unshift({ tag_name: tag, draft: rest.includes("--draft"), immutable: false });
  if (command === "edit") {
    const release = releases.find((release) => release.tag_name === tag);
    Object.assign(release, { draft: false, immutable: process.env.MUTABLE === undefined });
  }
  writeFileSync("releases", JSON.stringify(releases));
}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-release-"));
  writeFileSync(path.join(folder, "package.json"), '{ "name": "cronyx-action", "version": "1.2.0" }');
  writeFileSync(path.join(folder, "gh"), GH);
  chmodSync(path.join(folder, "gh"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function release(tag: string, more: Record<string, string> = {}) {
  rmSync(path.join(folder, "calls"), { force: true });
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, "files", "0"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", PATH: `${folder}${path.delimiter}${process.env.PATH}`, TAG: tag, ...more },
  });
  const calls = readFileSync(path.join(folder, "calls"), "utf8")
    .split("\n")
    .filter((call) => !/^api |^$/.test(call));
  return { status, stdout, calls: calls.map((call) => call.split(" ").slice(1, 3).join(" ")), text: calls.join("\n") };
}

const releases = () =>
  existsSync(path.join(folder, "releases")) ? JSON.parse(readFileSync(path.join(folder, "releases"), "utf8")) : [];

// A test cannot put a program named gh before the real one on Windows: Node starts no scripts there without a shell.
(process.platform === "win32" ? describe.skip : describe)("the release on GitHub", () => {
  test("is a draft until it has all files, and immutable then", () => {
    const { status, stdout, calls, text } = release("v1.2.0");
    expect([status, stdout, calls]).toEqual([0, "The release v1.2.0 is immutable\n", ["create v1.2.0", "edit v1.2.0"]]);
    const files = ["cronyx-action-1.2.0.tgz", "cronyx-action-1.2.0.spdx.json", "notes.md"];
    for (const file of files) expect(text).toContain(path.join("files", file));
    expect(text).toMatch(/--draft --verify-tag .* --latest$/m);
    expect(releases()).toEqual([{ tag_name: "v1.2.0", draft: false, immutable: true }]);
  });

  test("of a prerelease is not the latest one", () => {
    writeFileSync(path.join(folder, "package.json"), '{ "name": "cronyx-action", "version": "1.2.0-rc.1" }');
    expect(release("v1.2.0-rc.1")).toMatchObject({
      status: 0,
      text: expect.stringContaining("--prerelease --latest=false"),
    });
  });

  test("is made anew if the first attempt left a draft, and left alone if it did all", () => {
    expect(release("v1.2.0", { FAILING: "edit" }).status).toBe(1);
    expect(releases()).toMatchObject([{ draft: true }]);
    expect(release("v1.2.0")).toMatchObject({ status: 0, calls: ["delete v1.2.0", "create v1.2.0", "edit v1.2.0"] });
    expect(release("v1.2.0")).toMatchObject({ status: 0, calls: [] });
    expect(releases()).toEqual([{ tag_name: "v1.2.0", draft: false, immutable: true }]);
  });

  test("is an error if it can be changed", () => {
    const { status, stdout } = release("v1.2.0", { MUTABLE: "1" });
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining("::error::The release v1.2.0 can be changed. Switch on"),
    ]);
  });
});
