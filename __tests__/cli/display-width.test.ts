import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { cutEnd, cutMiddle, displayWidth } from "../../src/cli/display-width.ts";

test.each([
  ["report", 6],
  ["日本語", 6],
  ["한글", 4],
  ["ｶﾀｶﾅ", 4],
  ["ＡＢ", 4],
  ["שלום", 4],
  ["e\u0301te\u0301", 3],
  ["🚀", 2],
  ["👍🏽", 2],
  ["❤️", 2],
  ["1️⃣", 2],
  ["🇩🇪", 2],
  ["…", 1],
])("%s takes %i columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test.each([
  ["hourly-report", 13, "hourly-report", "hourly-report"],
  ["hourly-report", 9, "hour…port", "hourly-r…"],
  ["日本語日本語日本語", 9, "日本…本語", "日本語日…"],
  ["ab🇩🇪👍🏽cd", 6, "ab…cd", "ab🇩🇪…"],
])("%s in %i columns is %s, or %s", (text, columns, middle, end) => {
  expect([cutMiddle(text, columns), cutEnd(text, columns)]).toEqual([middle, end]);
});

test("a text that was cut fits, and no character is cut in two", () => {
  const parts = fc.constantFrom("a", "-", "日", "e\u0301", "👍🏽", "🇩🇪", "❤️", "ש");
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 40 }), fc.integer({ min: 3, max: 50 }), (characters, columns) => {
      const text = characters.join("");
      for (const cut of [cutMiddle(text, columns), cutEnd(text, columns)]) {
        expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
        const [start = "", end = ""] = cut.split("…");
        expect(characters.slice(0, [...new Intl.Segmenter("en").segment(start)].length).join("")).toBe(start);
        expect(text.endsWith(end)).toBe(true);
      }
    }),
  );
});
