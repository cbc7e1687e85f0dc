import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { sha256 } from "../../../src/store/git/sha256.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";

test("the digest of a text is that of Node's crypto", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (text) =>
      expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex")),
    ),
  );
});

test.each([0, 1, 54, 55, 56, 63, 64, 119, 120, 1000])(
  "also of a text that fills a block nearly or just: %i bytes",
  (length) => {
    const text = "x".repeat(length);
    expect(sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
  },
);
