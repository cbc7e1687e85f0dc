/**
 * @param answer An answer of protocol v2 that cannot be used. It contains no error of the server.
 * @returns whether it consists of pkt-lines, and its last one, a flush packet, is missing.
 */
export function isCutShort(answer: Buffer): boolean {
  let length = 0;
  for (let at = 0; at < answer.length; at += Math.max(length, HEADER_LENGTH)) {
    const header = answer.toString("latin1", at, at + HEADER_LENGTH);
    if (!/^[0-9a-f]+$/i.test(header)) return false;
    length = Number.parseInt(header, 16);
    if (header.length < HEADER_LENGTH || at + length > answer.length) return true;
  }
  return length === DELIMITER || length >= HEADER_LENGTH;
}

const HEADER_LENGTH = 4;
/** The lengths below 4 have a meaning of their own. */
const DELIMITER = 1;
