/** The ids of PostgreSQL's types. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const ELEMENT_TYPES = { bytea: 17, text: 25 };

const INTEGER = 4;
const HEADER = 5 * INTEGER;

/**
 * @returns an array of one dimension in the binary form of PostgreSQL, in which no byte of an element needs an escape.
 * @see array_recv in https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
 */
export function binaryArray(type: keyof typeof ELEMENT_TYPES, elements: readonly (string | Buffer)[]): Buffer {
  const lengths = elements.map((element) => Buffer.byteLength(element));
  const array = Buffer.alloc(lengths.reduce((sum, length) => sum + INTEGER + length, HEADER));
  const [dimensions, nulls, firstIndex] = [1, 0, 1];
  let at = 0;
  for (const number of [dimensions, nulls, ELEMENT_TYPES[type], elements.length, firstIndex]) {
    at = array.writeInt32BE(number, at);
  }
  for (const [index, element] of elements.entries()) {
    at = array.writeInt32BE(lengths[index] ?? 0, at);
    at += typeof element === "string" ? array.write(element, at) : element.copy(array, at);
  }
  return array;
}
