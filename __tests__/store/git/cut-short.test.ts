import { expect, test } from "@jest/globals";
import { isCutShort } from "../../../src/store/git/cut-short.ts";
import { DELIMITER, FLUSH, pktLine } from "../../../src/store/git/pkt-line.ts";

const WHOLE = Buffer.concat([pktLine("first"), DELIMITER, pktLine("second\n"), FLUSH]);

test("pkt-lines without their end are cut short, wherever it was", () => {
  for (let length = 1; length < WHOLE.length; length++) expect(isCutShort(WHOLE.subarray(0, length))).toBe(true);
});

test.each([["whole pkt-lines", WHOLE], ...["", "0002", "0003", "<html>", "null"].map((text) => [text, text] as const)])(
  "%j is not cut short",
  (_, bytes) => {
    expect(isCutShort(Buffer.from(bytes as string))).toBe(false);
  },
);

test("other text after a pkt-line is no pkt-line that is cut short", () => {
  expect(isCutShort(Buffer.concat([pktLine("first"), Buffer.from("<p>")]))).toBe(false);
});
