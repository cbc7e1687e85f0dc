const NAMES: Readonly<Record<string, string>> = {
  "\t": "tab",
  "\n": "line break",
  "\r": "carriage return",
  "\u00a0": "no-break space",
  "\u00ad": "soft hyphen",
  "\u034f": "combining grapheme joiner",
  "\u061c": "arabic letter mark",
  "\u200b": "zero width space",
  "\u200c": "zero width non-joiner",
  "\u200d": "zero width joiner",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u202a": "left-to-right embedding",
  "\u202b": "right-to-left embedding",
  "\u202c": "pop directional formatting",
  "\u202d": "left-to-right override",
  "\u202e": "right-to-left override",
  "\u202f": "narrow no-break space",
  "\u2060": "word joiner",
  "\u2066": "left-to-right isolate",
  "\u2067": "right-to-left isolate",
  "\u2068": "first strong isolate",
  "\u2069": "pop directional isolate",
  "\u3000": "ideographic space",
  "\ufeff": "byte order mark",
};

/** Characters that are not seen, or look like the space. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;
/** Invisible characters within an emoji. They choose its form, or join it to the next one, so their effect is visible. */
const IN_EMOJI = /(\p{Extended_Pictographic}|\p{Emoji_Modifier}|[#*0-9])(?:\ufe0e|\ufe0f|\u200d|\u20e3)+/gu;

/**
 * @returns the first character that makes a name look like another one: `U+200B (zero width space)`. Null for other names.
 */
export function unusualCharacter(name: string): string | null {
  const [unseen] = UNSEEN.exec(name.replace(IN_EMOJI, "$1")) ?? [];
  if (unseen !== undefined) return described(unseen);
  const composed = name.normalize("NFC");
  if (composed !== name) {
    // The first place where the two forms differ: a letter and its mark, which NFC writes as one character.
    const [from, to] = [[...name], [...composed]];
    const at = from.findIndex((character, index) => character !== to[index]);
    const part = from.slice(at, at + 2).join("");
    return part.normalize("NFC") === part || [...part.normalize("NFC")].length > 1
      ? `${described(from[at] ?? "")}, which its normal form (NFC) does not have`
      : `${described(from[at + 1] ?? "")}, where its normal form (NFC) has ${described(to[at] ?? "")}`;
  }
  // Cyrillic and Greek have letters that look like Latin ones. A word of a language has letters of one script.
  for (const [word] of name.matchAll(/\p{L}+/gu)) {
    const [foreign] = /[\p{Script=Cyrillic}\p{Script=Greek}]/u.exec(word) ?? [];
    if (foreign !== undefined && /\p{Script=Latin}/u.test(word)) {
      return `${described(foreign)}, a ${/\p{Script=Greek}/u.test(foreign) ? "Greek" : "Cyrillic"} letter, in a word with Latin letters`;
    }
  }
  return null;
}

function described(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const shown =
    NAMES[character] ?? (/^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}]$/u.test(character) ? character : undefined);
  return `U+${code}${shown === undefined ? "" : ` (${shown})`}`;
}
