import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { commitOf, EMPTY_TREE, type GitObject, idOf } from "../../../src/store/git/objects.ts";
import { readPack, writePack } from "../../../src/store/git/pack.ts";
import { ProtocolError } from "../../../src/store/git/pkt-line.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";

const repository = new BareRepository();
afterAll(() => repository.remove());

const MIB = 1024 * 1024;

const object = fc.record<GitObject>({
  type: fc.constantFrom("commit", "tree", "blob", "tag"),
  body: fc.uint8Array({ maxLength: 2_000, size: "large" }).map((bytes) => Buffer.from(bytes)),
});

/** @returns the types and ids of a pack's objects. An id depends on all bytes of its object. */
function idsIn(pack: Buffer): string[] {
  const read = [...readPack(pack)];
  for (const [id, object] of read) expect(idOf(object)).toBe(id);
  return idsOf(read.map(([, object]) => object));
}

const idsOf = (objects: readonly GitObject[]) => [...new Set(objects.map((of) => `${of.type} ${idOf(of)}`))].sort();

/** A pack of these entries, with a valid checksum, so that only its content can be wrong. */
function packOf(count: number, ...entries: readonly Buffer[]): Buffer {
  const content = Buffer.concat([
    Buffer.from("PACK\0\0\0\x02"),
    Buffer.from([0, 0, count >> 8, count & 0xff]),
    ...entries,
  ]);
  return sealed(content);
}

const sealed = (content: Buffer) => Buffer.concat([content, createHash("sha1").update(content).digest()]);

/** One entry of a pack: the type, the claimed length, and the compressed content. */
function entry(type: number, length: number, content: Buffer, base = Buffer.alloc(0)): Buffer {
  const header: number[] = [];
  let rest = Math.floor(length / 16);
  header.push((type << 4) | (length % 16) | (rest > 0 ? 0x80 : 0));
  for (; rest > 0; rest = Math.floor(rest / 128)) header.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
  return Buffer.concat([Buffer.from(header), base, deflateSync(content)]);
}

const size = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 0x80, ...size(Math.floor(value / 128))];

/** A pack is either refused, or each object that is read from it matches its id. */
function readSoundly(pack: Buffer): number {
  try {
    const objects = readPack(pack);
    for (const [id, read] of objects) expect(idOf(read)).toBe(id);
    return objects.size;
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return -1;
  }
}

describe("packs", () => {
  test("of any objects come through whole", () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 10 }), (objects) => {
        expect(idsIn(writePack(objects))).toEqual(idsOf(objects));
      }),
    );
  });

  test.each([0, 15, 16, 2047, 2048, 8192, 8193, 262143, 262144, MIB])(
    "of an object of %i bytes come through whole",
    (length) => {
      const objects: GitObject[] = [{ type: "blob", body: Buffer.alloc(length, "x") }];
      expect(idsIn(writePack(objects))).toEqual(idsOf(objects));
    },
  );

  test.each([
    [8192, true],
    [8193, false],
  ])("with an object of %i bytes hold it without compression: %s", (length, isUncompressed) => {
    const body = Buffer.alloc(length, "x");
    expect(writePack([{ type: "blob", body }]).includes(body)).toBe(isUncompressed);
  });

  test("are taken by git", () => {
    const objects = [commitOf("report: finished\n\n{}\n", Date.now()), EMPTY_TREE];
    const big: GitObject = { type: "blob", body: Buffer.alloc(100_000, "0123456789") };
    const uncompressed: GitObject = { type: "blob", body: Buffer.alloc(8192, 0xff) };
    for (const pack of [writePack(objects), writePack([...objects, big, uncompressed]), writePack([])]) {
      repository.git(["index-pack", "--strict", "--stdin"], pack);
    }
    for (const { type, body } of [...objects, big, uncompressed]) {
      expect(repository.git(["cat-file", "-t", idOf({ type, body })])).toBe(type);
    }
  });
});

describe("packs that git made with deltas", () => {
  let objects: GitObject[];
  const packs: Record<string, Buffer> = {};
  const kinds = ["with offsets", "with ids"];

  beforeAll(() => {
    const text = Array.from({ length: 300 }, (_, at) => `line ${at} ${Math.cos(at)}`);
    const alike = Array.from({ length: 5 }, (_, at) => commitOf([...text.slice(at), `the end ${at}`].join("\n"), at));
    // A length that needs more than one copy instruction.
    const long = Buffer.from(Array.from({ length: 8_000 }, (_, at) => `${at} ${Math.sin(at)}`).join("\n"));
    const blobs = [long, Buffer.concat([long, Buffer.from("more")])].map((body): GitObject => ({ type: "blob", body }));
    objects = [...alike, ...blobs, EMPTY_TREE];
    for (const { type, body } of objects) repository.git(["hash-object", "-t", type, "-w", "--stdin"], body);
    const ids = objects.map(idOf).join("\n");
    const args = ["pack-objects", "--quiet", "--window=50", "--depth=50", "--no-reuse-delta"];
    packs["with offsets"] = repository.print([...args, "--stdout", "--delta-base-offset"], ids);
    packs["with ids"] = repository.print([...args, "--stdout"], ids);
  });

  test.each(kinds)("%s are read", (kind) => {
    const pack = packs[kind] as Buffer;
    expect(idsIn(pack)).toEqual(idsOf(objects));
    const name = repository.git(["index-pack", "--stdin"], pack).split("\t")[1];
    const listed = repository.git(["verify-pack", "-v", `objects/pack/pack-${name}.idx`]);
    expect(listed.match(/^\w{40} (commit|blob) .* [1-9]\d* \w{40}$/gm)?.length).toBeGreaterThanOrEqual(4);
  });

  test("are of the two forms", () => {
    expect(packs["with ids"]?.length).toBeGreaterThan(packs["with offsets"]?.length ?? 0);
  });

  test.each(kinds)("%s are refused when cut short anywhere", (kind) => {
    const pack = packs[kind] as Buffer;
    // Every length near both ends, and samples between: the middle of a long pack is alike.
    const content = pack.length - 20;
    const lengths = Array.from({ length: content }, (_, at) => at).filter(
      (at) => at < 200 || at > content - 200 || at % 997 === 0,
    );
    for (const length of lengths) {
      expect(() => readPack(pack.subarray(0, length))).toThrow(ProtocolError);
      expect(readSoundly(sealed(pack.subarray(0, length)))).toBe(-1);
    }
  });
});

describe("a pack with faults", () => {
  const base = commitOf(`A document\n\n${"0123456789".repeat(20)}`, 0);
  const [length, id] = [base.body.length, Buffer.from(idOf(base), "hex")];
  const whole = entry(1, length, base.body);
  const delta = (...bytes: readonly number[]) => entry(7, bytes.length, Buffer.from(bytes), id);
  const good = packOf(2, whole, delta(...size(length), ...size(10), 0x90, 10));

  test("is refused for any bit that is wrong, and never read wrongly if its checksum is right", () => {
    expect(readPack(good).size).toBe(2);
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = Buffer.from(good);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => readPack(flipped)).toThrow(ProtocolError);
      readSoundly(sealed(flipped.subarray(0, -20)));
    }
  });

  test("is refused when cut short anywhere, with a right checksum too", () => {
    for (let end = 0; end < good.length; end++) {
      expect(() => readPack(good.subarray(0, end))).toThrow(ProtocolError);
      if (end < good.length - 20) expect(readSoundly(sealed(good.subarray(0, end)))).toBe(-1);
    }
  });

  test("of any bytes ends, in sound objects or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.array(fc.uint8Array({ maxLength: 60 })), (count, parts) => {
        readSoundly(packOf(count, ...parts.map((part) => Buffer.from(part))));
      }),
    );
  });

  test("that follows its deltas' bases is read", () => {
    expect(readPack(packOf(2, delta(...size(length), ...size(10), 0x90, 10), whole)).size).toBe(2);
  });

  test.each<[string, Buffer]>([
    ["a delta without its base", packOf(1, delta(...size(length), ...size(10), 0x90, 10))],
    ["a delta on itself", packOf(1, entry(6, 3, Buffer.from([1, 1, 1]), Buffer.from([0])))],
    ["a delta on what comes before the pack", packOf(1, entry(6, 3, Buffer.from([1, 1, 1]), Buffer.from([127])))],
    ["a delta on a base of another length", packOf(2, whole, delta(...size(length + 1), ...size(10), 0x90, 10))],
    [
      "a delta that copies from beyond its base",
      packOf(2, whole, delta(...size(length), 9, 0x93, (length - 5) & 0xff, (length - 5) >> 8, 9)),
    ],
    ["a delta that gives less than it says", packOf(2, whole, delta(...size(length), ...size(11), 0x90, 10))],
    ["a delta that gives more than it says", packOf(2, whole, delta(...size(length), ...size(9), 0x90, 10))],
    ["a delta that is cut short", packOf(2, whole, delta(...size(length), ...size(10), 10, 1, 2))],
    ["the reserved instruction", packOf(2, whole, delta(...size(length), 0, 0))],
    ["fewer objects than it says", packOf(3, whole)],
    [
      "a size that is no number",
      packOf(1, Buffer.concat([Buffer.from([0x9f]), Buffer.alloc(200, 0x80), Buffer.from([0])])),
    ],
    ["the reserved type 0", packOf(1, entry(0, 3, Buffer.from("abc")))],
    ["the reserved type 5", packOf(1, entry(5, 3, Buffer.from("abc")))],
    ["version 3", sealed(Buffer.concat([Buffer.from("PACK\0\0\0\x03\0\0\0\x01"), whole]))],
    ["another signature", sealed(Buffer.concat([Buffer.from("KCAP\0\0\0\x02\0\0\0\x01"), whole]))],
  ])("such as %s is refused", (_, pack) => {
    expect(() => readPack(pack)).toThrow(ProtocolError);
  });

  test.each<[string, () => Buffer]>([
    ["an object of more than it says", () => packOf(1, entry(3, 10, Buffer.alloc(50 * MIB)))],
    ["an object of less than it says", () => packOf(1, entry(3, 1000, Buffer.alloc(10)))],
    ["an object of over 1 MiB", () => packOf(1, entry(3, MIB + 1, Buffer.alloc(MIB + 1)))],
    ["a delta of over 1 MiB", () => packOf(2, whole, delta(...size(length), ...size(MIB + 1), 0x90, 10))],
    ["many objects of 1 MiB", () => packOf(100, ...Array<Buffer>(100).fill(entry(3, MIB, Buffer.alloc(MIB))))],
    [
      "many deltas of 1 MiB",
      () => {
        const body = Buffer.alloc(16_384, "x");
        const copies = Buffer.from([
          ...size(body.length),
          ...size(MIB),
          ...Array<number[]>(64).fill([0xa0, 0x40]).flat(),
        ]);
        const of = Buffer.from(idOf({ type: "blob", body }), "hex");
        return packOf(
          101,
          entry(3, body.length, body),
          ...Array<Buffer>(100).fill(entry(7, copies.length, copies, of)),
        );
      },
    ],
  ])("a bomb of %s is refused before it fills the memory", (_, make) => {
    const pack = make();
    expect(pack.length).toBeLessThan(MIB);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readPack(pack)).toThrow(ProtocolError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(80 * MIB);
  });
});
