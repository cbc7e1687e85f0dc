/**
 * pkt-lines, the framing of git's protocols.
 *
 * @see https://git-scm.com/docs/protocol-common#_pkt_line_format
 * @see https://git-scm.com/docs/protocol-v2#_packet_line_framing
 */

const HEADER_LENGTH = 4;
const LONGEST_PAYLOAD = 65516;

export const FLUSH = Buffer.from("0000");
export const DELIMITER = Buffer.from("0001");

export type Packet =
  | { readonly kind: "data"; readonly payload: Buffer }
  | { readonly kind: "flush" | "delimiter" | "end" };

/** Bytes that do not follow git's documentation. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** pkt-lines without their end. */
export class CutShortError extends ProtocolError {}

export function pktLine(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload as string);
  if (bytes.length > LONGEST_PAYLOAD) throw new ProtocolError(`A pkt-line of ${bytes.length} bytes is too long`);
  return Buffer.concat([Buffer.from((bytes.length + HEADER_LENGTH).toString(16).padStart(HEADER_LENGTH, "0")), bytes]);
}

/** @throws ProtocolError when `bytes` are not complete pkt-lines. */
export function* packets(bytes: Buffer): Generator<Packet, void, void> {
  for (let at = 0; at < bytes.length; ) {
    const header = bytes.toString("latin1", at, at + HEADER_LENGTH);
    if (!/^[0-9a-f]+$/i.test(header)) throw new ProtocolError(`A pkt-line starts with ${JSON.stringify(header)}`);
    const length = Number.parseInt(header, 16);
    if (header.length < HEADER_LENGTH || at + length > bytes.length) throw new CutShortError("A pkt-line is cut short");
    if (length === 0) yield { kind: "flush" };
    else if (length === 1) yield { kind: "delimiter" };
    else if (length === 2) yield { kind: "end" };
    else if (length < HEADER_LENGTH) throw new ProtocolError(`A pkt-line has the length ${length}`);
    else yield { kind: "data", payload: bytes.subarray(at + HEADER_LENGTH, at + length) };
    at += Math.max(length, HEADER_LENGTH);
  }
}

/** @returns a data packet's text without the final newline, which the documentation makes optional. */
export function textOf(payload: Buffer): string {
  return payload.toString("utf8").replace(/\n$/, "");
}

/** The streams that a server multiplexes over pkt-lines: `side-band-64k`. */
export interface Sideband {
  readonly data: Buffer;
  /** The server's messages for people. */
  readonly messages: string;
  /** The error that ended the answer, or null. */
  readonly fatal: string | null;
}

/** @see https://git-scm.com/docs/gitprotocol-pack#_packfile_data */
export function demultiplex(bands: Iterable<Packet>): Sideband {
  const data: Buffer[] = [];
  const messages: Buffer[] = [];
  for (const packet of bands) {
    if (packet.kind !== "data") break;
    const band = packet.payload[0];
    const content = packet.payload.subarray(1);
    if (band === 1) data.push(content);
    else if (band === 2) messages.push(content);
    else if (band === 3) {
      return { data: Buffer.concat(data), messages: Buffer.concat(messages).toString(), fatal: textOf(content) };
    } else throw new ProtocolError(`A packet of side band ${band} is none of 1, 2 and 3`);
  }
  return { data: Buffer.concat(data), messages: Buffer.concat(messages).toString(), fatal: null };
}
