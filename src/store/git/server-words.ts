/** In characters. A server may send a page of rules with a refusal. */
const LONGEST = 200;

/**
 * @param texts A server's messages for people: the reason, then the lines of its hooks.
 * @returns them in one line without control characters, empty lines and git's labels, and cut off after 200 characters.
 */
export function serverWords(...texts: readonly string[]): string {
  const lines = texts.flatMap((text) => text.split(/[\r\n]+/)).map(cleanLine);
  // A line without a letter or digit is a frame around a message.
  const said = [...new Set(lines.filter((line) => /[\p{L}\p{N}]/u.test(line)))].join("; ");
  return said.length > LONGEST ? `${said.slice(0, LONGEST - 1)}…` : said;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's colours begin with a control character.
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

function cleanLine(line: string): string {
  return line
    .replace(COLOURS, "")
    .replace(/[\p{C}\s]+/gu, " ")
    .replace(/^ ?((remote|error|fatal|ERROR): ?)*/, "")
    .replace(/[\s.:;,]+$/, "");
}

/**
 * @param hide Takes the secrets out of a text, before it is cut off.
 * @returns the words in an answer that is not one of git's: text, or JSON with a message. A page of HTML has none.
 */
export function wordsOfBody(
  { contentType, body }: { readonly contentType: string; readonly body: Buffer },
  hide: (text: string) => string,
): string {
  if (/^text\/plain\b/i.test(contentType)) return serverWords(hide(body.toString("utf8")));
  if (!/^application\/(\S+\+)?json\b/i.test(contentType)) return "";
  try {
    const { message } = JSON.parse(body.toString("utf8")) as { readonly message?: unknown };
    return typeof message === "string" ? serverWords(hide(message)) : "";
  } catch {
    return "";
  }
}
