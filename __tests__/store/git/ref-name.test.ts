import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { REF_PREFIX, refOf } from "../../../src/store/git/ref-name.ts";
import { ODD_NAMES } from "../job-store-suite.ts";
import { BareRepository } from "./bare-repository.ts";

/** Any job name: what `checkJobName` lets through. */
const jobName = fc.string({ unit: "binary", minLength: 1, maxLength: 255 });

const repository = new BareRepository();
afterAll(() => repository.remove());

describe("a job's ref", () => {
  test.each([
    ["hourly-report", /^refs\/cronyx\/hourly-report-[0-9a-f]{32}$/],
    ["Ops / Café ☂ No. 1", /^refs\/cronyx\/ops-cafe-no-1-[0-9a-f]{32}$/],
    ["☂", /^refs\/cronyx\/job-[0-9a-f]{32}$/],
    ["../heads/main.lock", /^refs\/cronyx\/heads-main-lock-[0-9a-f]{32}$/],
    ["x".repeat(255), /^refs\/cronyx\/x{60}-[0-9a-f]{32}$/],
  ])("of %j is readable", (name, ref) => {
    expect(refOf(name)).toMatch(ref);
  });

  // Locks lie there, in repositories all over: another release has to find them.
  test("never changes", () => {
    expect(refOf("hourly-report")).toBe("refs/cronyx/hourly-report-527a7ccf1d4003f919ab9ac4ac096c09");
  });

  test("is flat, short and lower-case, whatever the name", () => {
    fc.assert(
      fc.property(jobName, (name) =>
        expect(refOf(name)).toMatch(/^refs\/cronyx\/[a-z0-9][a-z0-9-]{0,59}-[0-9a-f]{32}$/),
      ),
    );
  });

  test("is shared by no two names", () => {
    fc.assert(
      fc.property(fc.uniqueArray(jobName, { minLength: 2 }), (names) => {
        expect(new Set(names.map(refOf)).size).toBe(names.length);
      }),
    );
  });

  test("differs where names differ in case, normalisation or white space alone", () => {
    const change = fc.constantFrom<(name: string) => string>(
      (name) => name.toUpperCase(),
      (name) => name.toLowerCase(),
      (name) => name.normalize("NFC"),
      (name) => name.normalize("NFKD"),
      (name) => name.trim(),
      (name) => `${name} `,
      (name) => `${name}/`,
    );
    fc.assert(
      fc.property(jobName, change, (name, changed) => {
        fc.pre(changed(name) !== name);
        expect(refOf(changed(name))).not.toBe(refOf(name));
      }),
    );
  });

  test("is taken by git, and stands in no other one's folder", () => {
    const names = [...new Set([...ODD_NAMES, ...fc.sample(jobName, { numRuns: 500, seed: 7 })])];
    const commit = repository.commit("A document");
    repository.git(["update-ref", "--stdin"], names.map((name) => `create ${refOf(name)} ${commit}\n`).join(""));
    const refs = repository.git(["for-each-ref", "--format=%(refname)", REF_PREFIX]).split("\n");
    expect(refs).toEqual(names.map(refOf).sort());
    for (const name of ODD_NAMES)
      expect(repository.git(["check-ref-format", "--normalize", refOf(name)])).toBe(refOf(name));
  });
});
