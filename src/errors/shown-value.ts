const LONGEST = 80;
const MOST_LEVELS = 4;

/** @returns a value as an error message shows it: on one line, and cut off after 80 characters. */
export function shownValue(value: unknown): string {
  const text = textOf(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return "a function";
    default:
      return JSON.stringify(pruned(value, MOST_LEVELS)) ?? String(value);
  }
}

/** `JSON.stringify` recurses: a request body of 64 KiB can be nested deeper than the stack. */
function pruned(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return "…";
  if (Array.isArray(value)) return value.map((item) => pruned(item, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pruned(field, levels - 1)]));
}
