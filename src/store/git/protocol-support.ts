import { ProtocolError, packets, textOf } from "./pkt-line.ts";

const SHA_256 = "its objects have SHA-256 ids";
const NO_VERSION_2 = "its server does not speak version 2 of git's protocol";

/**
 * @param advertisement The answer to `GET info/refs?service=git-upload-pack` with a request for version 2.
 * @returns why the repository cannot keep locks, or null if the advertisement shows no reason.
 * @see https://git-scm.com/docs/gitprotocol-v2#_capability_advertisement
 */
export function missingSupport(advertisement: Buffer): string | null {
  // A server of files alone lists ids and names, one a line: the "dumb" protocol.
  if (/^([0-9a-f]{40}|[0-9a-f]{64})\t/.test(advertisement.toString("latin1", 0, 80))) return NO_VERSION_2;
  try {
    let lines = [...packets(advertisement)].flatMap((packet) =>
      packet.kind === "data" ? [textOf(packet.payload)] : [],
    );
    if (lines[0]?.startsWith("# service=")) lines = lines.slice(1);
    const [first = ""] = lines;
    if (first === "version 2") return lines.includes("object-format=sha256") ? SHA_256 : null;
    if (/^[0-9a-f]{64} /.test(first) || first.includes("object-format=sha256")) return SHA_256;
    return first === "version 1" || /^[0-9a-f]{40} /.test(first) ? NO_VERSION_2 : null;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
