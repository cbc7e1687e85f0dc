// The notes of one version, from CHANGELOG.md.

const HEADING = /^ {0,3}## +(?<name>\S+)(?: - (?<date>\d{4}-\d{2}-\d{2}))?$/;

/**
 * @param {string} changelog The text of CHANGELOG.md. Its newest version comes first, after `## Unreleased`.
 * @param {string} version `1.2.3`.
 * @returns the section of that version, without its heading.
 */
export function notesOf(changelog, version) {
  const sections = sectionsOf(changelog).map(([heading = "", ...lines]) => {
    const { name, date } = HEADING.exec(heading.trimEnd())?.groups ?? {};
    return { heading, name, date, text: lines.join("\n").trim() };
  });
  const unreleased = sections.find(({ name }) => name === "Unreleased");
  if (unreleased !== undefined && unreleased.text !== "") {
    throw new Error(`CHANGELOG.md has changes under "## Unreleased": move them under "## ${version} - YYYY-MM-DD"`);
  }
  const [section] = sections.filter((each) => each !== unreleased);
  if (section?.name !== version || !isDate(section.date)) {
    throw new Error(
      `The first version in CHANGELOG.md must be "## ${version} - YYYY-MM-DD", but is ${JSON.stringify(section?.heading ?? "")}`,
    );
  }
  if (section.text === "") throw new Error(`The section of ${version} in CHANGELOG.md is empty`);
  return `${section.text}\n`;
}

/**
 * @param {string} changelog
 * @returns the lines of each section, its heading first. A line within a block of code is no heading, and text that GitHub does
 *   not show is refused.
 * @see https://spec.commonmark.org/0.31.2/#fenced-code-blocks
 */
function sectionsOf(changelog) {
  /** @type {string[][]} */
  const sections = [];
  let fence = "";
  for (const line of changelog.split(/\r\n?|\n/)) {
    const [, marks = "", after = ""] = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$/.exec(line) ?? [];
    if (fence === "") {
      if (line.includes("<!--")) {
        throw new Error(
          `CHANGELOG.md has an HTML comment, which hides text of the notes: remove ${JSON.stringify(line)}`,
        );
      }
      if (/^ {0,3}##(?:[ \t]|$)/.test(line)) sections.push([]);
      fence = marks;
    } else if (marks.startsWith(fence) && after.trim() === "") {
      fence = "";
    }
    sections.at(-1)?.push(line);
  }
  if (fence !== "") throw new Error(`CHANGELOG.md has a block of code without an end: add a line ${fence}`);
  return sections;
}

/** @param {string | undefined} text */
function isDate(text) {
  return text !== undefined && new Date(`${text}T00:00Z`).toJSON()?.slice(0, 10) === text;
}
