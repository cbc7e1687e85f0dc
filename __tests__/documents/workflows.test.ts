import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { ALLOWED } from "../../build/licenses.mjs";

const folder = path.resolve(import.meta.dirname, "../../.github/workflows");
const files = readdirSync(folder);
const textOf = (file: string) => readFileSync(path.join(folder, file), "utf8");

interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  environment?: string;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

const jobsOf = (file: string) => Object.entries<Job>(parse(textOf(file)).jobs);

test("these are the workflows", () => {
  expect(files.sort()).toEqual([
    ...["check-dist.yml", "ci.yml", "codeql.yml", "e2e.yml", "release.yml", "scorecard.yml"],
  ]);
});

describe.each(files)("%s", (file) => {
  test("has no permissions beside those of each job, and runs no more often than needed", () => {
    const { permissions, concurrency, on } = parse(textOf(file));
    expect(permissions).toEqual({});
    expect(concurrency).toMatchObject({ group: expect.any(String), "cancel-in-progress": expect.anything() });
    expect(Object.keys(on)).not.toContain("pull_request_target");
    for (const [name, job] of jobsOf(file))
      expect([name, job]).toEqual([name, expect.objectContaining({ permissions: expect.anything() })]);
  });

  test("ends each job after a while, unless another workflow does so", () => {
    const jobs = jobsOf(file).filter(([, { uses }]) => uses === undefined);
    for (const [name, job] of jobs)
      expect([name, job]).toEqual([name, expect.objectContaining({ "timeout-minutes": expect.any(Number) })]);
  });

  test("names each action by its commit and version, and leaves no credentials in the checkout", () => {
    for (const [, use] of textOf(file).matchAll(/\buses: (.*)$/gm)) {
      if (!use?.startsWith("./")) expect(use).toMatch(/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    for (const step of jobsOf(file).flatMap(([, { steps = [] }]) => steps)) {
      if (step.uses?.startsWith("actions/checkout@")) expect(step.with).toMatchObject({ "persist-credentials": false });
    }
  });

  test("gets no expression into a script", () => {
    for (const { run = "" } of jobsOf(file).flatMap(([, { steps = [] }]) => steps)) expect(run).not.toContain("${{");
  });
});

test("an action has one version in all workflows", () => {
  const versions = new Map<string, Set<string>>();
  for (const [, action = "", version = ""] of files.flatMap((file) => [
    ...textOf(file).matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(.*)$/gm),
  ])) {
    versions.set(action, (versions.get(action) ?? new Set()).add(version));
  }
  for (const [action, found] of versions) expect([action, [...found]]).toEqual([action, [expect.anything()]]);
});

test("new dependencies may have the licences that the build allows", () => {
  const [review] = jobsOf("ci.yml").flatMap(([name, { steps = [] }]) => (name === "dependency-review" ? steps : []));
  expect(String(review?.with?.["allow-licenses"]).split(", ")).toEqual(ALLOWED);
});

test("only jobs behind the environment, and the one that needs them all, may publish", () => {
  const writes = jobsOf("release.yml").filter(([, { permissions = {} }]) =>
    Object.values(permissions).includes("write"),
  );
  expect(writes.map(([name, { environment }]) => [name, environment])).toEqual([
    ["image", "release"],
    ["npm", "release"],
    ["github", undefined],
  ]);
  expect(parse(textOf("release.yml")).jobs.github.needs).toEqual(["verify", "image", "npm"]);
});
