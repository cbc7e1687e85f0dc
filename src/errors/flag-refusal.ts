import { ArgumentError } from "./argument-error.ts";

interface FlagTaker {
  /** The names of the flags that the command takes, without hyphens. */
  readonly flags: readonly string[];
  /** The command line that lists them. */
  readonly help: string;
}

/** @param cause An error of `util.parseArgs`. Its message contains the flag, and never the flag's value. */
export function flagRefusal(cause: unknown, { flags, help }: FlagTaker): ArgumentError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const [, name = ""] = /--([^\s'=,]+)/.exec(words) ?? [];
  const flag = name === "" ? (/-\w/.exec(words)?.[0] ?? "arguments") : `--${name}`;
  const refusal = (problem: string, expected: string, field = flag) =>
    new ArgumentError("unknown-name", { field, problem, expected, cause });

  if ((cause as Partial<NodeJS.ErrnoException> | null)?.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const meant = flags.find((known) => isNear(name, known));
    return refusal(
      "is not a flag of this command",
      meant === undefined ? `the flags that ${help} shows` : `--${meant}`,
    );
  }
  // Node has one code for these three.
  if (words.includes("ambiguous")) {
    return refusal("has no value, since the next argument begins with a hyphen", `such a value as ${flag}=VALUE`);
  }
  if (words.includes("argument missing")) return refusal("has no value", "a value after it");
  if (words.includes("does not take an argument")) return refusal("takes no value", "it alone");
  // The sentences after the first one explain how to pass a text that begins with a hyphen.
  const [problem] = words.split(". ");
  return refusal(`cannot be read (${problem})`, `the flags that ${help} shows`, "arguments");
}

/** Whether two names differ by a wrong, missing, additional or swapped letter, or the one begins with the other. */
function isNear(given: string, known: string): boolean {
  if (given.length < 3) return false;
  if (known.startsWith(given) || given.startsWith(known)) return true;
  let same = 0;
  while (given[same] === known[same]) same++;
  const [a, b] = [given.slice(same), known.slice(same)];
  const isSwapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return isSwapped || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}
