import { afterAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { REF_PREFIX, refOf } from "../../../src/store/git/ref-name.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";
import { ODD_NAMES } from "../../../testing/stores/job-store-suite.ts";

/** Any name that `checkJobName` accepts. */
const jobName = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 255 });

const repository = new BareRepository();
afterAll(() => repository.remove());

test("git accepts a job's ref, and no ref is a folder of another one", () => {
  const names = [...new Set([...ODD_NAMES, ...fc.sample(jobName, { numRuns: 500, seed: 7 })])];
  const commit = repository.commit("A document");
  repository.git(["update-ref", "--stdin"], names.map((name) => `create ${refOf(name)} ${commit}\n`).join(""));
  const refs = repository.git(["for-each-ref", "--format=%(refname)", REF_PREFIX]).split("\n");
  expect(refs).toEqual(names.map(refOf).sort());
  for (const name of ODD_NAMES)
    expect(repository.git(["check-ref-format", "--normalize", refOf(name)])).toBe(refOf(name));
});
