import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { refOf } from "../../../src/store/git/ref-name.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";

/** Any name that `checkJobName` accepts. */
const jobName = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 255 });

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

  // Existing locks have these refs, and each release must find them.
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
});
