// Makes docs/troubleshooting.md from the error codes: `npm run docs`. A test fails where the file differs.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { actionMessage } from "../src/action/remedies.ts";
import { commandMessage } from "../src/cli/remedies.ts";
import { clientMessage } from "../src/client/remedies.ts";
import { ArgumentError } from "../src/errors/argument-error.ts";
import { ServiceError } from "../src/errors/service-error.ts";
import { serverMessage } from "../src/server/remedies.ts";
import { ARGUMENT_MEANINGS, DATABASE_MEANINGS, REMOTE_MEANINGS } from "./error-meanings.mjs";

const FRONT_ENDS = /** @type {const} */ ([
  ["action", "In a workflow", actionMessage],
  ["command", "From a terminal", commandMessage],
  ["library", "In the library", clientMessage],
  ["server", "On the server", serverMessage],
]);
const REMOTE = /** @type {const} */ (["action", "command", "library"]);
const REPOSITORY = "https://github.com/octo-org/locks";
const DATABASE = "The database";

export const FILE = path.join(import.meta.dirname, "..", "docs", "troubleshooting.md");

/** @returns the text of docs/troubleshooting.md. */
export function troubleshooting() {
  return `${[
    "# Troubleshooting",
    "Every error has a code, a message, and a remedy. The message names the input, flag, option or setting, shows its value where it is no secret, and ends with the remedy in the terms of the place where it happened. Programs get the code: `error.code` in [the library](api.md#cronyxclienterror).",
    "This file is made from the error codes by `npm run docs`.",
    "## A value that can never be accepted",
    "It is refused before anything is read, sent or written.",
    ...entriesOf(ARGUMENT_MEANINGS).map(([code, { meaning, only, ...details }]) =>
      section({ code, meaning, only, error: new ArgumentError(code, details), problem: details.problem }),
    ),
    "## The network, the repository or the server failed",
    ...entriesOf(REMOTE_MEANINGS).map(([code, { meaning, only = REMOTE, place = REPOSITORY, problem }]) =>
      section({ code, meaning, only, error: new ServiceError(code, { place, problem, effect: "none" }), problem }),
    ),
    "## The server's database failed",
    "These messages are in the server's log. Clients get 503 or 500.",
    ...entriesOf(DATABASE_MEANINGS).map(([code, { meaning, problem }]) =>
      section({
        code,
        meaning,
        only: ["server"],
        error: new ServiceError(code, { place: DATABASE, problem, effect: "none" }),
        problem,
      }),
    ),
  ].join("\n\n")}\n`;
}

/**
 * @param {object} about
 * @param {string} about.code
 * @param {string} about.meaning
 * @param {readonly string[] | undefined} about.only The front ends that can meet the error. Default: all.
 * @param {Error} about.error
 * @param {string} about.problem
 */
function section({ code, meaning, only, error, problem }) {
  const remedies = FRONT_ENDS.filter(([name]) => only === undefined || only.includes(name)).flatMap(
    ([, where, messageOf]) => {
      const message = messageOf(error);
      const end = message.indexOf(problem) + problem.length;
      return message.length > end ? [/** @type {const} */ ([where, message.slice(end + 2)])] : [];
    },
  );
  const same = new Set(remedies.map(([, remedy]) => remedy.replace(/^pass /, "use "))).size === 1;
  const [first] = remedies;
  const lines =
    same && first !== undefined
      ? [`- ${only?.length === 1 ? first[0] : "Remedy"}: ${first[1].replace(/^pass /, "use ")}`]
      : remedies.map(([where, remedy]) => `- ${where}: ${remedy}`);
  return [`### \`${code}\``, `> ${error.message}`, meaning, lines.join("\n")].join("\n\n");
}

/**
 * @template {string} Key
 * @template Value
 * @param {Record<Key, Value>} record
 */
function entriesOf(record) {
  return /** @type {[Key, Value][]} */ (Object.entries(record));
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, troubleshooting());
