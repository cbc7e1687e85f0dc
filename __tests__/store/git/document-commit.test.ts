import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { newJobState } from "../../../src/scheduler/state-document.ts";
import { documentCommit, stateInCommit } from "../../../src/store/git/document-commit.ts";
import { messageInCommit } from "../../../src/store/git/objects.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";

const subjectOf = (name: string) => messageInCommit(documentCommit(newJobState(name), 0).body).split("\n")[0];

test.each([
  ["report", "report"],
  ["daily  report,   eu", "daily report, eu"],
  ["Übersicht", "Übersicht"],
  ["two\nlines\tand\u00a0blanks", "two lines and blanks"],
  ["turned\u202eround", "turned round"],
  ["x".repeat(100), "x".repeat(60)],
])("the subject of the commit for %j is one line without control characters", (name, shown) => {
  expect(subjectOf(name)).toBe(`${shown}: nothing finished yet`);
});

test("the subject shows no control character, and the document keeps the name, whatever the name is", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, minLength: 1, maxLength: 60 }), (name) => {
      expect(subjectOf(name)).not.toMatch(/\p{C}/u);
      const state = newJobState(name);
      expect(stateInCommit(documentCommit(state, 0), name)).toMatchObject({ ...state });
    }),
  );
});
