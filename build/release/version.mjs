// Versions and the tags that name them.

/**
 * @typedef {object} Version
 * @property {string} tag `v1.2.3` or `v1.2.3-rc.1`.
 * @property {string} version The same without the `v`, as package.json has it.
 * @property {[major: number, minor: number, patch: number]} numbers
 * @property {string[]} prerelease The identifiers after the `-`. Empty for a version that is no prerelease.
 * @property {string} majorTag `v1`.
 */

const NUMBER = "(0|[1-9]\\d{0,8})";
const IDENTIFIER = "(?:0|[1-9]\\d{0,8}|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const TAG = new RegExp(`^v${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?$`);

/** @param {string} tag @returns {Version | null} null for another text, which may be anything that git takes for a tag. */
export function readTag(tag) {
  const [, major, minor, patch, prerelease] = TAG.exec(tag) ?? [];
  if (major === undefined) return null;
  return {
    tag,
    version: tag.slice(1),
    numbers: [Number(major), Number(minor), Number(patch)],
    prerelease: prerelease?.split(".") ?? [],
    majorTag: `v${major}`,
  };
}

/** @param {string | undefined} tag @returns {Version} */
export function parseTag(tag) {
  const version = readTag(tag ?? "");
  if (version === null) {
    throw new Error(
      `The tag ${JSON.stringify(tag ?? "")} names no version: use vX.Y.Z, or vX.Y.Z-rc.N for a prerelease`,
    );
  }
  return version;
}

/**
 * The precedence of Semantic Versioning.
 *
 * @param {Version} one @param {Version} other
 * @returns a negative number if `one` comes first, a positive one if `other` does.
 */
export function compareVersions(one, other) {
  for (const [at, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.prerelease.length === 0 || other.prerelease.length === 0) {
    return other.prerelease.length - one.prerelease.length;
  }
  for (const [at, identifier] of one.prerelease.entries()) {
    const against = other.prerelease[at];
    if (against === undefined) return 1;
    const difference = compareIdentifiers(identifier, against);
    if (difference !== 0) return difference;
  }
  return one.prerelease.length - other.prerelease.length;
}

/** @param {string} one @param {string} other */
function compareIdentifiers(one, other) {
  const [number, otherNumber] = [one, other].map((text) => (/^\d+$/.test(text) ? Number(text) : null));
  if (number != null && otherNumber != null) return number - otherNumber;
  if (number != null) return -1;
  if (otherNumber != null) return 1;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
