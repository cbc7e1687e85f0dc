// The notes of one version, from CHANGELOG.md.

const HEADING = /^## (?<name>\S+)(?: - (?<date>\d{4}-\d{2}-\d{2}))?$/;

/**
 * @param {string} changelog The text of CHANGELOG.md. Its newest version comes first, after `## Unreleased`.
 * @param {string} version `1.2.3`.
 * @returns the section of that version, without its heading.
 */
export function notesOf(changelog, version) {
  const sections = changelog
    .replaceAll("\r\n", "\n")
    .split(/^(?=## )/m)
    .slice(1)
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n");
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

/** @param {string | undefined} text */
function isDate(text) {
  return text !== undefined && new Date(`${text}T00:00Z`).toJSON()?.slice(0, 10) === text;
}
