/**
 * JSON as one line of the output, which may be a terminal's. JSON leaves some control characters as they are: U+009B begins a
 * control sequence, as Escape and a bracket do.
 */
export function jsonLine(value: unknown): string {
  const json = JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
  return `${json}\n`;
}
