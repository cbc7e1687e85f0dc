/**
 * The characters that take two columns of a terminal, beside emoji: those whose width Unicode's EastAsianWidth.txt calls wide or
 * full.
 */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[#*0-9]\ufe0f?\u20e3)/u;
/** Marks that take no column: the terminal draws them over the character before. */
const MARKS = /[\p{Mn}\p{Me}\u1160-\u11ff]/gu;

const ELLIPSIS = "…";

/** @returns the characters as a reader sees them: an emoji, or a letter with its marks, is one. */
function charactersOf(text: string): readonly string[] {
  if (isAscii(text)) return [...text];
  // Node takes 10 ms to load the rules of the first segmenter, and most names need none.
  return Array.from(new Intl.Segmenter("en").segment(text), ({ segment }) => segment);
}

export function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** @returns how many columns of a terminal a text takes. It has no control characters. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  return charactersOf(text).reduce((sum, character) => sum + widthOf(character), 0);
}

function widthOf(character: string): number {
  if (EMOJI.test(character)) return 2;
  return [...character.replace(MARKS, "")].reduce((sum, part) => sum + (WIDE.test(part) ? 2 : 1), 0);
}

/** Cuts out the middle of a text, so that it takes at most this many columns: its beginning and its end tell names apart. */
export function cutMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const room = columns - ELLIPSIS.length;
  const characters = charactersOf(text);
  const end = fitting(characters.toReversed(), Math.floor(room / 2)).toReversed();
  const start = fitting(characters, room - displayWidth(end.join("")));
  return `${start.join("")}${ELLIPSIS}${end.join("")}`;
}

/** Cuts off the end of a text, so that it takes at most this many columns. */
export function cutEnd(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  return `${fitting(charactersOf(text), columns - ELLIPSIS.length).join("")}${ELLIPSIS}`;
}

/** @returns the first characters, as many as fit. */
function fitting(characters: readonly string[], columns: number): readonly string[] {
  let width = 0;
  const end = characters.findIndex((character) => {
    width += widthOf(character);
    return width > columns;
  });
  return end === -1 ? characters : characters.slice(0, end);
}

/** @returns the spaces after a text that fill its column. */
export function paddingOf(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text)));
}
