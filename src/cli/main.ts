#!/usr/bin/env node
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { openDatabase } from "../store/open-database.ts";
import { serve } from "./serve.ts";

const USAGE = `Usage: cronyx-action serve [FLAGS]

  serve   keeps locks for others over REST; serve --help shows its settings
`;

const [command, ...args] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(manifest(), "utf8"));

if (command === "serve") {
  process.exitCode = await serve({
    args,
    env: process.env,
    version,
    now: Date.now,
    newId: randomUUID,
    openStore: (url, log, deadline) => openDatabase(url, log, deadline),
    output: process.stdout,
    errors: process.stderr,
    onEnd: (end) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => end(signal));
    },
  });
} else {
  const asked = command === "--help" || command === "-h";
  (asked ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = asked ? 0 : 2;
}

/** The package's own, from `src/cli/` and from `dist/package/cli/` alike. */
function manifest(): URL {
  return new URL(
    import.meta.url.includes("/dist/package/") ? "../../../package.json" : "../../package.json",
    import.meta.url,
  );
}
