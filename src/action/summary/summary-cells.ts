import { oneLine } from "../../backend/one-line.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import type { Zone } from "../../scheduler/zone.ts";

/** A summary may be this long, in bytes: GitHub takes 1 MiB for all steps of a job. */
export const LONGEST_SUMMARY = 20_000;
const LONGEST_NAME = 255;

/** Such as `2026-11-24 04:00`, with seconds where there are any. */
export function wallText(instant: Instant, zone: Zone): string {
  const [date = "", time = ""] = new Date(instant + zone.offsetAt(instant)).toISOString().split("T");
  return `${date} ${time.replace(/(:00)?\.\d+Z$/, "")}`;
}

/**
 * Shows text as it is: without Markdown, HTML, mentions or links. A character reference cannot begin or end any of them, and
 * GitHub turns no text within `<code>` into a mention.
 *
 * @see https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references
 */
export function code(text: string): string {
  const line = oneLine(text.slice(0, LONGEST_NAME));
  return `<code>${line.replace(marksIn(line), (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

/** V8 takes 0.4 ms to compile the classes of Unicode. */
function marksIn(line: string): RegExp {
  return /^[ -~]*$/.test(line) ? /[^A-Za-z0-9 ,.-]/g : /[^\p{L}\p{M}\p{N} ,.-]/gu;
}

/** The holder of a lock, with a link to its run if that is one of this GitHub server. */
export function holderText({ repository, runId, job, runUrl }: Holder, serverUrl: string): string {
  const name = [repository, runId && `run ${runId}`, job && `job ${job}`].filter(Boolean).join(", ");
  if (name === "") return "";
  const run = new RegExp(`^${escaped(serverUrl)}/[\\w.-]+/[\\w.-]+/actions/runs/\\d+(/attempts/\\d+)?$`);
  return serverUrl !== "" && runUrl !== undefined && run.test(runUrl) ? `[${code(name)}](${runUrl})` : code(name);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
