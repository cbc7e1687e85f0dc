import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { type GitObject, idOf, LARGEST_OBJECT, type ObjectId, type ObjectType } from "./objects.ts";
import { ProtocolError } from "./pkt-line.ts";

/**
 * Packs, the format in which git transfers objects.
 *
 * @see https://git-scm.com/docs/gitformat-pack
 */

const TYPES: Readonly<Record<number, ObjectType>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const OFFSET_DELTA = 6;
const REF_DELTA = 7;

const HEADER_LENGTH = 12;
const TRAILER_LENGTH = 20;
/** The most that a whole pack may inflate to, in bytes: deflate shrinks zeros a thousandfold, and a delta even more. */
const LARGEST_PACK = 64 * LARGEST_OBJECT;

/** In bytes. Up to this length an object is sent without compression. The document of a job with ten runs is shorter. */
const LONGEST_UNCOMPRESSED = 8 * 1024;

/** A pack of which one object, or all together, is larger than any that is expected. */
export class OversizedPackError extends ProtocolError {
  override name = "OversizedPackError";
}

/** Makes Node load zlib, which the bundle otherwise loads for the first pack that needs it. */
export function loadZlib(): void {
  deflateSync("");
}

export function writePack(objects: readonly GitObject[]): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.write("PACK");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  const content = Buffer.concat([
    header,
    ...objects.flatMap(({ type, body }) => [objectHeader(type, body.length), zlibStream(body)]),
  ]);
  return Buffer.concat([content, createHash("sha1").update(content).digest()]);
}

/** Short objects are not compressed: Node takes 1 to 2 ms to load zlib, and a post step would wait for it before its request. */
function zlibStream(body: Buffer): Buffer {
  return body.length > LONGEST_UNCOMPRESSED ? deflateSync(body) : uncompressedStream(body);
}

/** @returns a zlib stream (RFC 1950) of one block without compression (RFC 1951 §3.2.4). */
function uncompressedStream(body: Buffer): Buffer {
  // Deflate without a preset dictionary; then the last block, uncompressed, with its length and the complement of its length.
  const header = Buffer.from([0x78, 0x01, 0x01, 0, 0, 0, 0]);
  header.writeUInt16LE(body.length, 3);
  header.writeUInt16LE(0xffff - body.length, 5);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(adler32(body));
  return Buffer.concat([header, body, checksum]);
}

/** @see RFC 1950 §9 */
function adler32(body: Buffer): number {
  let [low, high] = [1, 0];
  for (const byte of body) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}

function objectHeader(type: ObjectType, length: number): Buffer {
  const code = Number(Object.keys(TYPES).find((key) => TYPES[Number(key)] === type));
  const bytes = [(code << 4) | (length & 0x0f)];
  for (let rest = length >>> 4; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/**
 * @returns every object in the pack, by its id; deltas are resolved against other objects of the same pack.
 * @throws ProtocolError for an incomplete pack, an object of over 1 MiB, or objects of over 64 MiB in all.
 */
export function readPack(pack: Buffer): ReadonlyMap<ObjectId, GitObject> {
  const content = pack.subarray(0, -TRAILER_LENGTH);
  if (content.length < HEADER_LENGTH || content.toString("latin1", 0, 4) !== "PACK") {
    throw new ProtocolError("A pack is cut short, or is not a pack");
  }
  const version = content.readUInt32BE(4);
  if (version !== 2) throw new ProtocolError(`A pack has version ${version}, not 2`);
  const checksum = pack.subarray(-TRAILER_LENGTH);
  if (!createHash("sha1").update(content).digest().equals(checksum)) {
    throw new ProtocolError("A pack's checksum does not match its content");
  }

  const entries = new PackEntries(content);
  const byOffset = new Map<number, GitObject>();
  const byId = new Map<ObjectId, GitObject>();
  let inflated = 0;
  const count = (bytes: number) => {
    inflated += bytes;
    if (inflated > LARGEST_PACK) throw new OversizedPackError(`A pack holds over ${LARGEST_PACK} bytes`);
  };
  const add = (offset: number, object: GitObject) => {
    byOffset.set(offset, object);
    byId.set(idOf(object), object);
  };
  // A delta may come before the object that it builds on.
  let waiting: Entry[] = [];
  for (let left = content.readUInt32BE(8); left > 0; left--) {
    const entry = entries.next();
    count(entry.body.length);
    waiting.push(entry);
  }
  while (waiting.length > 0) {
    const unresolved = waiting.filter((entry) => {
      const base = typeof entry.base === "number" ? byOffset.get(entry.base) : byId.get(entry.base ?? "");
      if (entry.type !== null) add(entry.offset, { type: entry.type, body: entry.body });
      else if (base) {
        const body = applyDelta(base.body, entry.body);
        count(body.length);
        add(entry.offset, { type: base.type, body });
      } else return true;
      return false;
    });
    if (unresolved.length === waiting.length)
      throw new ProtocolError("A pack has a delta without the object it builds on");
    waiting = unresolved;
  }
  return byId;
}

/** An object in a pack: complete, with its type; or a delta, with its base's offset or id. */
interface Entry {
  readonly offset: number;
  readonly type: ObjectType | null;
  readonly base: number | ObjectId | null;
  readonly body: Buffer;
}

class PackEntries {
  readonly #reader: Reader;

  constructor(content: Buffer) {
    this.#reader = new Reader(content, HEADER_LENGTH);
  }

  next(): Entry {
    const reader = this.#reader;
    const offset = reader.at;
    let byte = reader.byte();
    const code = (byte >> 4) & 7;
    let length = byte & 0x0f;
    for (let shift = 4; byte & 0x80; shift += 7) {
      byte = reader.byte();
      length += (byte & 0x7f) * 2 ** shift;
    }
    if (length > LARGEST_OBJECT) throw new OversizedPackError(`A pack has an object of ${length} bytes`);

    let base: number | ObjectId | null = null;
    if (code === OFFSET_DELTA) base = offset - reader.offset();
    else if (code === REF_DELTA) base = reader.bytes(20).toString("hex");
    const type = TYPES[code] ?? null;
    if (type === null && base === null) throw new ProtocolError(`A pack has an object of type ${code}`);
    return { offset, type, base, body: reader.inflated(length) };
  }
}

/** @see https://git-scm.com/docs/gitformat-pack#_deltified_representation */
function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const reader = new Reader(delta, 0);
  const baseLength = reader.size();
  const length = reader.size();
  if (baseLength !== base.length) throw new ProtocolError("A delta builds on an object of another length");
  if (length > LARGEST_OBJECT) throw new OversizedPackError(`A pack has an object of ${length} bytes`);
  const parts: Buffer[] = [];
  let written = 0;
  while (reader.at < delta.length) {
    const instruction = reader.byte();
    if (instruction === 0) throw new ProtocolError("A delta has the reserved instruction 0");
    const part = instruction & 0x80 ? copied(base, reader, instruction) : reader.bytes(instruction);
    written += part.length;
    if (written > length) break;
    parts.push(part);
  }
  if (written !== length) throw new ProtocolError("A delta gives an object of another length");
  return Buffer.concat(parts);
}

function copied(base: Buffer, reader: Reader, instruction: number): Buffer {
  const number = (firstBit: number, bytes: number): number => {
    let value = 0;
    for (let at = 0; at < bytes; at++) if (instruction & (firstBit << at)) value += reader.byte() * 2 ** (8 * at);
    return value;
  };
  const from = number(0x01, 4);
  const length = number(0x10, 3) || 0x10000;
  if (from + length > base.length) throw new ProtocolError("A delta copies from beyond its base");
  return base.subarray(from, from + length);
}

class Reader {
  readonly #content: Buffer;
  at: number;

  constructor(content: Buffer, at: number) {
    this.#content = content;
    this.at = at;
  }

  byte(): number {
    const byte = this.#content[this.at++];
    if (byte === undefined) throw new ProtocolError("A pack is cut short");
    return byte;
  }

  bytes(length: number): Buffer {
    const bytes = this.#content.subarray(this.at, this.at + length);
    if (bytes.length < length) throw new ProtocolError("A pack is cut short");
    this.at += length;
    return bytes;
  }

  /** A size, as a delta writes it: 7 bits a byte, lowest first. */
  size(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (!(byte & 0x80)) return value;
    }
  }

  /** The distance to a delta's base: 7 bits a byte, highest first, each byte that continues counting for one more. */
  offset(): number {
    let byte = this.byte();
    let value = byte & 0x7f;
    while (byte & 0x80) {
      byte = this.byte();
      value = (value + 1) * 128 + (byte & 0x7f);
    }
    return value;
  }

  inflated(length: number): Buffer {
    try {
      // With `info` the answer has the number of input bytes that were read. The types lack it.
      const { buffer, engine } = inflateSync(this.#content.subarray(this.at), {
        info: true,
        maxOutputLength: Math.max(1, length),
      }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      if (buffer.length !== length) throw new ProtocolError("A pack has an object of another length than it says");
      this.at += engine.bytesWritten;
      return buffer;
    } catch (cause) {
      if (cause instanceof ProtocolError) throw cause;
      throw new ProtocolError("A pack has an object that does not inflate", { cause });
    }
  }
}
