import { type RemoteErrorCode, ServiceError } from "../../errors/service-error.ts";
import { serverWords } from "./server-words.ts";

/**
 * Reads a server's words about a refusal, since git's protocol has no codes: docs/locks.md has the table. The words decide
 * which remedy is shown, and whether the same request is sent again. They never decide whether the ref moved.
 */

/** Words about updates that are not fast-forward. Gitolite shows the plus sign of its rule. */
const NOT_FAST_FORWARD = /fast.?forward|\bforced?\b|\brew(ind|rit)|FATAL: \+/i;
const RULE = /protected|\bhidden ref\b|funny refname|polic(y|ies)/i;
const RATE_LIMIT = /\brate.limit|abuse detection|too many requests/i;
const SIGN_ON = /\bSAML\b|\bSSO\b|single sign-on/i;
const READ_ONLY = /\barchived?\b|\bread.?only\b|\bmirror(ed)?\b/i;
const PERMISSION =
  /permission|access denied|denied (to|for)\b|FATAL: [RWCD]+ .*DENIED|un?authori[sz]ed|not authori[sz]ed|not allowed to (push|upload|write)|\brights\b|forbidden|not permitted to/i;
/** Any other refusal on purpose. Hooks have words of their own. */
const PURPOSE =
  /hook|declin|den(y|ied)|prohibit|not (allowed|permitted|accepted|enabled)|reject|disallow|\brules?\b|violat|\bGH\d{3}\b/i;
/** git's own reasons for an update that failed. The cause may be another caller's push, a full disk or a leftover lock file. */
const FAILED_UPDATE =
  /^(failed|failed to (update ref|lock|write)|cannot lock ref\b.*|lock error|incorrect old value provided|reference already exists|transaction (aborted|failed to start)|failed to start transaction|unpack(er| )?.*|index-pack .*|unable to .*|internal (server )?error|bad pack|missing necessary objects)$/i;

/** A server's words about a ref whose object it lacks or cannot read. */
export const OBJECT_MISSING =
  /not our ref|repository corruption|object .*is (empty|corrupt)|(missing|bad) (object|commit|tree)|(unable to (read|parse)|could not parse) (object|[0-9a-f]{40})|not a valid object/i;

/** @returns the code that a refusal by permission gets from its words; null where they name none. */
export function codeOfRefusal(words: string, forbidden: RemoteErrorCode): RemoteErrorCode | null {
  if (RATE_LIMIT.test(words)) return "rate-limited";
  if (SIGN_ON.test(words)) return "sign-on-required";
  if (READ_ONLY.test(words) && !/\bkey\b|file.?system/i.test(words)) return "repository-read-only";
  return PERMISSION.test(words) || READ_ONLY.test(words) ? forbidden : null;
}

/** A git process that was killed leaves its lock file behind. */
function lockFileIn(words: string, ref: string): string | undefined {
  const [, file] = /Unable to create '([^'\p{C}]+)': File exists/u.exec(words) ?? [];
  return file?.endsWith(`/${ref}.lock`) ? file : undefined;
}

export interface Refusal {
  readonly place: string;
  readonly ref: string;
  /** What git reports about the ref. */
  readonly reason: string;
  /** The messages of the server and its hooks. */
  readonly messages: string;
  /** The code where the caller may not write. */
  readonly forbidden: RemoteErrorCode;
}

/** @returns the error of an update that the server refused, with `retryAfter` set where the words name no purpose. */
export function refusedUpdate({ place, ref, reason, messages, forbidden }: Refusal): ServiceError {
  // The sentence names the ref already, and a path in the words is longer than it.
  const said = messages.replaceAll(` '${ref}'`, "").replaceAll(`hook declined to update ${ref}`, "");
  const words = serverWords(reason, said);
  const failure = (code: RemoteErrorCode, retryAfter?: number) =>
    new ServiceError(code, {
      place,
      ref: { repository: place, name: ref, lockFile: lockFileIn(`${reason}\n${messages}`, ref) },
      problem: `refused to move ${ref} (${words})`,
      effect: "none",
      retryAfter,
    });

  // A job's name is part of its ref, and may be "webhook rules". git quotes refs and paths.
  const unquoted = (text: string) => text.replaceAll(ref, "").replace(/'[^']*'/g, "");
  const [inReason, inMessages] = [unquoted(reason), unquoted(messages)];
  if (FAILED_UPDATE.test(serverWords(inReason))) {
    // The messages of a server may be about anything, so only git's own words in them count.
    if (/aborted by hook/i.test(inMessages)) return failure("update-refused");
    // The server cannot write its own files, and another attempt changes nothing about that.
    const isFinal = /permission denied|insufficient permission|read-only file system/i.test(inMessages);
    return failure("update-failed", isFinal ? undefined : 0);
  }
  const all = `${inReason}\n${inMessages}`;
  if (NOT_FAST_FORWARD.test(all)) return failure("not-fast-forward");
  if (RULE.test(all)) return failure("update-refused");
  const code = codeOfRefusal(all, forbidden);
  if (code !== null) return failure(code);
  return PURPOSE.test(all) ? failure("update-refused") : failure("update-failed", 0);
}
