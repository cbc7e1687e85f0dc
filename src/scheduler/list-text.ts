/** @returns the items of a text that has one a line, or separates them by commas. */
export function itemsIn(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
