import type { Tip } from "./git-remote.ts";
import { ProtocolError, packets, textOf } from "./pkt-line.ts";

/**
 * @throws ProtocolError for anything but a complete list.
 * @see https://git-scm.com/docs/gitprotocol-v2#_ls_refs
 */
export function tipsIn(list: Buffer): Tip[] {
  const tips: Tip[] = [];
  for (const packet of packets(list)) {
    if (packet.kind === "flush") return tips;
    const [, id, ref] = (packet.kind === "data" && /^([0-9a-f]{40}) (\S+)/.exec(textOf(packet.payload))) || [];
    if (id === undefined || ref === undefined) {
      throw new ProtocolError("its list of refs is not one of protocol v2 with SHA-1 ids");
    }
    tips.push({ id, ref });
  }
  throw new ProtocolError("its list of refs is cut short");
}
