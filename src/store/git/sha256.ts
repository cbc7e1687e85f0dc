// SHA-256, FIPS 180-4 §6.2, for the one short text that the first request of a start needs. Node takes 6 ms to load its own
// crypto, a quarter of the time of an empty script, and can do so while the server works on its answer.

/** The first 32 bits of the fractions of the square roots of the first 8 primes, and of the cube roots of the first 64. */
const { initial, constants } = fractionsOfPrimes();

/** @returns the digest in hexadecimal. */
export function sha256(text: string): string {
  const state = initial.slice();
  const message = padded(Buffer.from(text));
  for (let at = 0; at < message.length; at += 64) addBlock(state, message.subarray(at, at + 64));
  return state.reduce((hex, word) => hex + word.toString(16).padStart(8, "0"), "");
}

/** @returns the message with a 1 bit, zeros, and its length in bits: a multiple of 64 bytes. */
function padded(message: Buffer): Buffer {
  const all = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  message.copy(all);
  all[message.length] = 0x80;
  all.writeUInt32BE(message.length * 8, all.length - 4);
  return all;
}

/** In plain statements: code that runs for the first time takes arrays apart slowly. */
function addBlock(state: Uint32Array, block: Buffer): void {
  const words = new Uint32Array(64);
  for (let at = 0; at < 16; at++) words[at] = block.readUInt32BE(4 * at);
  for (let at = 16; at < 64; at++) {
    const early = word(words, at - 15);
    const late = word(words, at - 2);
    words[at] =
      word(words, at - 16) +
      (rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)) +
      word(words, at - 7) +
      (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10));
  }
  const turned = state.slice();
  for (let at = 0; at < 64; at++) {
    const a = word(turned, 0);
    const b = word(turned, 1);
    const c = word(turned, 2);
    const e = word(turned, 4);
    const choice = (e & word(turned, 5)) ^ (~e & word(turned, 6));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const sums = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = word(turned, 7) + sums + choice + word(constants, at) + word(words, at);
    turned.copyWithin(1, 0, 7);
    turned[4] = word(turned, 4) + first;
    turned[0] = first + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority;
  }
  for (let at = 0; at < 8; at++) state[at] = word(state, at) + word(turned, at);
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function fractionsOfPrimes() {
  const primes: number[] = [];
  for (let number = 2; primes.length < 64; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  const fractions = (roots: readonly number[]) => Uint32Array.from(roots, (root) => (root % 1) * 2 ** 32);
  return { initial: fractions(primes.slice(0, 8).map(Math.sqrt)), constants: fractions(primes.map(Math.cbrt)) };
}
