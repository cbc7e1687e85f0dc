/**
 * @typedef {object} Guard
 * @property {string} name
 * @property {string} file
 * @property {string} find The guard's text, which occurs once in the file.
 * @property {string} replace The text that replaces it.
 * @property {string} test A part of the path of the test file that must fail.
 * @property {string} property A part of the name of the test that must fail.
 */

/**
 * Makes the guards of one file.
 *
 * @param {string} file @param {string} test
 * @param {Record<string, [find: string, replace: string, property: string, test?: string]>} rows
 * @returns {Guard[]}
 */
export function guardsOf(file, test, rows) {
  return Object.entries(rows).map(([name, [find, replace, property, other = test]]) => ({
    name,
    file,
    find,
    replace,
    test: other,
    property,
  }));
}
