import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  DELIMITER,
  demultiplex,
  FLUSH,
  type Packet,
  ProtocolError,
  packets,
  pktLine,
  textOf,
} from "../../../src/store/git/pkt-line.ts";

const all = (...bytes: readonly (Buffer | string)[]) => [
  ...packets(Buffer.concat(bytes.map((part) => Buffer.from(part)))),
];
const band = (number: number, text: string) => pktLine(Buffer.concat([Buffer.from([number]), Buffer.from(text)]));

describe("pkt-lines", () => {
  // The examples of https://git-scm.com/docs/protocol-common#_pkt_line_format
  test.each([
    ["0006a\n", "a\n"],
    ["0005a", "a"],
    ["000bfoobar\n", "foobar\n"],
    ["0004", ""],
  ])("%j is %j", (line, payload) => {
    expect(pktLine(payload).toString()).toBe(line);
    expect(all(line)).toEqual([{ kind: "data", payload: Buffer.from(payload) }]);
  });

  test("are distinct from the data between them", () => {
    expect(all(pktLine("a"), DELIMITER, FLUSH, "0002").map(({ kind }) => kind)).toEqual([
      ...["data", "delimiter", "flush", "end"],
    ]);
  });

  test("of any bytes come through whole", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (payloads) => {
        const read = all(...payloads.map((payload) => pktLine(Buffer.from(payload))));
        expect(read).toEqual(payloads.map((payload) => ({ kind: "data", payload: Buffer.from(payload) })));
      }),
    );
  });

  test("hold 65516 bytes at most", () => {
    expect(all(pktLine(Buffer.alloc(65516)))).toMatchObject([{ payload: { length: 65516 } }]);
    expect(() => pktLine(Buffer.alloc(65517))).toThrow(ProtocolError);
  });

  test("that are cut short anywhere are refused", () => {
    const whole = Buffer.concat([pktLine("first"), pktLine("second\n"), FLUSH]);
    const ends = [0, 9, 20, 24];
    for (let length = 0; length <= whole.length; length++) {
      const read = () => all(whole.subarray(0, length));
      if (ends.includes(length)) expect(read).not.toThrow();
      else expect(read).toThrow(ProtocolError);
    }
  });

  test.each(["0003", "000", "zzzz", "-001", " 12a", "<!DOCTYPE html>", "fffx", "00 4"])("%j is refused", (bytes) => {
    expect(() => all(bytes)).toThrow(ProtocolError);
  });

  test("of any bytes at all end, in packets or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          const read = all(Buffer.from(bytes)).map((packet) => (packet.kind === "data" ? packet.payload.length : 0));
          expect(read.reduce((sum, length) => sum + length + 4, 0)).toBe(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  test.each([
    ["a\n", "a"],
    ["a", "a"],
    ["a\n\n", "a\n"],
    ["", ""],
    ["é\n", "é"],
  ])("the text of %j is %j", (payload, text) => {
    expect(textOf(Buffer.from(payload))).toBe(text);
  });
});

describe("side bands", () => {
  test("are separated, until a flush", () => {
    const bands = all(band(1, "PA"), band(2, "counting"), band(1, "CK"), band(2, " objects\n"), FLUSH, band(1, "more"));
    expect(demultiplex(bands)).toEqual({ data: Buffer.from("PACK"), messages: "counting objects\n", fatal: null });
  });

  test("end with a fatal error", () => {
    const bands = all(band(1, "PA"), band(2, "hm"), band(3, "out of memory\n"), band(1, "CK"), FLUSH);
    expect(demultiplex(bands)).toEqual({ data: Buffer.from("PA"), messages: "hm", fatal: "out of memory" });
  });

  test.each([0, 4, 0x70])("of number %i are refused", (number) => {
    expect(() => demultiplex(all(band(number, "?")))).toThrow(ProtocolError);
  });

  test("without a number are refused", () => {
    expect(() => demultiplex(all(pktLine("")))).toThrow(ProtocolError);
  });

  test("of nothing hold nothing", () => {
    const nothing: Packet[] = [];
    expect(demultiplex(nothing)).toEqual({ data: Buffer.alloc(0), messages: "", fatal: null });
  });
});
