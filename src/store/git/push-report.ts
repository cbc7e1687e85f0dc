import { demultiplex, type Packet, ProtocolError, packets, textOf } from "./pkt-line.ts";

/** A server's refusal to move a ref: what git reports, and the messages of the server and its hooks. */
export interface ReportedRefusal {
  readonly reason: string;
  readonly messages: string;
}

/**
 * @returns null if the ref was moved.
 * @throws ProtocolError for anything but a complete report on this ref. The outcome of the push is then unknown.
 * @see https://git-scm.com/docs/gitprotocol-pack#_report_status
 */
export function refusalIn(report: Buffer, ref: string): ReportedRefusal | null {
  let outer = [...packets(report)];
  let messages = "";
  if (isMultiplexed(outer[0])) {
    const sideband = demultiplex(outer);
    messages = sideband.messages;
    if (sideband.fatal !== null) return { reason: sideband.fatal, messages };
    outer = [...packets(sideband.data)];
  }
  const reason = errorIn(outer);
  if (reason !== null) return { reason, messages };
  const [unpack, ...commands] = linesOf(outer);
  if (unpack === undefined) throw new ProtocolError("its report is empty");
  if (!unpack.startsWith("unpack ")) throw new ProtocolError("its report does not begin with the pack");
  if (unpack !== "unpack ok") return { reason: unpack, messages };
  if (commands.includes(`ok ${ref}`)) return null;
  const refused = commands.find((line) => line === `ng ${ref}` || line.startsWith(`ng ${ref} `));
  if (refused === undefined) throw new ProtocolError("its report leaves the ref out");
  return { reason: refused.slice(`ng ${ref}`.length).trim() || "failed", messages };
}

/** @returns the words with which a server refuses a whole request, or null. Some servers send a line `# service=…` first. */
function errorIn(answer: Iterable<Packet>): string | null {
  for (const line of linesOf(answer)) {
    if (line.startsWith("ERR ")) return line.slice("ERR ".length);
    if (!line.startsWith("# service=")) return null;
  }
  return null;
}

/** The same for an answer that may not come from a git server. */
export function errorInAnswer(body: Buffer): string | null {
  try {
    return errorIn(packets(body));
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function* linesOf(answer: Iterable<Packet>): Generator<string, void, void> {
  for (const packet of answer) if (packet.kind === "data") yield textOf(packet.payload);
}

function isMultiplexed(packet: Packet | undefined): boolean {
  const band = packet?.kind === "data" ? packet.payload[0] : undefined;
  return band !== undefined && band >= 1 && band <= 3;
}
