import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { shownPages } from "../../../src/server/pages/filters.ts";

test.each([
  [1, 2, [1, 2]],
  [1, 9, [1, 2, 9]],
  [4, 9, [1, 2, 3, 4, 5, 9]],
  [5, 9, [1, 4, 5, 6, 9]],
  [6, 9, [1, 5, 6, 7, 8, 9]],
  [200, 200, [1, 199, 200]],
])("on page %d of %d the links are %j", (page, pages, shown) => {
  expect(shownPages(page, pages)).toEqual(shown);
});

test("the links are ascending page numbers with the first, the last and the present page, and no gap of one page", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (one, other) => {
      const [page, pages] = [Math.min(one, other), Math.max(one, other)];
      const shown = shownPages(page, pages);
      expect(shown).toEqual([...new Set(shown)].toSorted((a, b) => a - b));
      expect(shown).toEqual(expect.arrayContaining([1, page, pages]));
      expect(shown.length).toBeLessThanOrEqual(7);
      for (const [at, number] of shown.entries()) expect(number - (shown[at - 1] ?? 0)).not.toBe(2);
    }),
  );
});
