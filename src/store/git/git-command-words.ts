import { serverWords } from "./server-words.ts";

/**
 * Reads the output of the git command, which reports failures in prose only. The prose is English: `LC_ALL` is `C`.
 *
 * @see https://git-scm.com/docs/git-push#_output
 */

/** git prints this line where the connection ended before the other side listed its refs. So nothing was sent there. */
const NO_CONTACT = /^fatal: Could not read from remote repository\./m;
/** ssh's words for a connection that may succeed later. */
const NETWORK =
  /^ssh: |^(kex_exchange|banner exchange|client_loop|packet_write_wait)|Connection (to .* )?(closed|reset|refused|timed out|aborted)|Operation timed out|Network is unreachable|No route to host/im;
/** git's own lines, which say nothing about the cause. */
const CLIENT_LINES =
  /^(To |hint: |error: failed to push some refs|Please make sure you have|and the repository exists)/;

/** ssh's own warnings, about a host's key or the algorithms. */
const SSH_WARNINGS = /^(Warning: |\*\* )/;

export interface NoContact {
  readonly words: string;
  /** Whether the cause is the network, so that the same command may succeed later. */
  readonly isTransient: boolean;
}

/** @returns null where there was contact. */
export function noContactIn(stderr: string): NoContact | null {
  // A hook of the other side may print the same words, after it has moved the ref. git marks its lines.
  const end = stderr.search(NO_CONTACT);
  if (end === -1) return null;
  const words = wordsOfOtherSide(stderr.slice(0, end));
  return { words, isTransient: words === "" || NETWORK.test(stderr) };
}

/** @returns the words with which the other side ended a connection that was made: `ERR` in git's protocol. */
export function remoteErrorIn(stderr: string): string | null {
  const [, words] = /^fatal: remote error: +(.*)/ms.exec(stderr) ?? [];
  return words === undefined ? null : wordsOfOtherSide(words);
}

/** @returns the lines that come from the other side, or from ssh, without git's own. */
function wordsOfOtherSide(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => !CLIENT_LINES.test(line) && !SSH_WARNINGS.test(line));
  return serverWords(lines.join("\n"));
}

/** @returns the messages for people from the other side, such as those of its hooks. */
export function remoteMessages(stderr: string): string {
  return [...stderr.matchAll(/^remote: ?(.*)$/gm)].map(([, words = ""]) => words).join("\n");
}

/** A git that a signal ended has no words. */
export function wordsOf({ stderr, exitCode }: { readonly stderr: string; readonly exitCode: number }): string {
  return wordsOfOtherSide(stderr) || `it exited with ${exitCode}`;
}

export type PushLine =
  | { readonly outcome: "moved" | "unmoved" }
  /** The other side refused. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** git itself refused to send the update, since the ref is not as expected. */
  | { readonly outcome: "unsent"; readonly reason: string };

/** @returns what `git push --porcelain` reports about an update, or null if it reports nothing that is known. */
export function pushLineIn(stdout: string, refspec: string): PushLine | null {
  const line = stdout.split("\n").find((text) => text.includes(`\t${refspec}\t`));
  if (line === undefined) return null;
  const [flag = "", , summary = ""] = line.split("\t");
  const reason = /\((.*)\)\s*$/.exec(summary)?.[1] ?? summary;
  // "=" is "up to date": this update may have moved the ref in an earlier push whose answer was lost.
  if (flag === "=") return { outcome: "unmoved" };
  if (flag !== "!") return { outcome: "moved" };
  if (summary.startsWith("[remote rejected]")) return { outcome: "refused", reason };
  return summary.startsWith("[rejected]") ? { outcome: "unsent", reason } : null;
}
