/** The ids of PostgreSQL's types. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const ELEMENT_TYPES = { bytea: 17, text: 25 };

const INTEGER = 4;
const HEADER = 5 * INTEGER;

/**
 * @returns an array of one dimension in PostgreSQL's binary form, which needs no escapes.
 * @see array_recv in https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
 */
export function binaryArray(type: keyof typeof ELEMENT_TYPES, elements: readonly (string | Buffer)[]): Buffer {
  const lengths = elements.map((element) => Buffer.byteLength(element));
  const array = Buffer.alloc(lengths.reduce((sum, length) => sum + INTEGER + length, HEADER));
  const header = [
    1, // dimension
    0, // No element is null.
    ELEMENT_TYPES[type],
    elements.length,
    1, // The index of the first element.
  ];
  let at = 0;
  for (const number of header) at = array.writeInt32BE(number, at);
  for (const [index, element] of elements.entries()) {
    at = array.writeInt32BE(lengths[index] ?? 0, at);
    at += typeof element === "string" ? array.write(element, at) : element.copy(array, at);
  }
  return array;
}
