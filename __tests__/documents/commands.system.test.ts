import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, SECOND, toIso } from "../../src/scheduler/instant.ts";
import type { JobState, RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { type CodeBlock, codeBlocks } from "../../testing/documents/code-blocks.ts";
import { ReadersShell } from "../../testing/documents/readers-shell.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const FILE = "docs/commands.md";
const TOKEN = "gho_0123456789abcdef";
const BLOCKS = codeBlocks(FILE);
const blocksIn = (language: string) => BLOCKS.filter((block) => block.language === language);

/** The block installs from npm's registry. __tests__/client/package.system.test.ts packs and installs the package. */
const NOT_RUN = "npm install --global cronyx-action\n";

let shell: ReadersShell;
let repository: LocksRepository;
beforeAll(async () => {
  shell = new ReadersShell();
  shell.program("bin/cronyx-action", `exec ${await shell.buildPackage()} "$@"`);
  shell.program("bin/gh", `[ "$*" = "auth token" ] && echo ${TOKEN}`);
  shell.program("bin/make", `[ "$1" != "$BROKEN" ]`);
  shell.program("report.sh", `[ "$*" = "--all" ] && [ -n "$CRONYX_INTERVAL_STARTED_AT" ]`);
  shell.program("report", `[ $# = 0 ] && [ -n "$CRONYX_INTERVAL_STARTED_AT" ]`);
  repository = await LocksRepository.serve({ token: TOKEN });
});
afterAll(async () => {
  await repository.close();
  shell.close();
});

/** Runs a script with the places of this test in place of those that a reader has. */
function bash(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const adapted = script
    .replaceAll("git+https://github.com/octo-org/locks", repository.httpUrl)
    .replaceAll("git+ssh://git@git.example.com/locks", repository.fileUrl)
    .replaceAll("/opt/report", path.join(shell.folder, "report"));
  return shell.bash(adapted, { env: { CRONYX_URL: repository.httpUrl, CRONYX_TOKEN: TOKEN, ...env } });
}

test("each block is a script, a session, a line of cron, or the list of commands", () => {
  expect(new Set(BLOCKS.map(({ language }) => language))).toEqual(new Set(["sh", "console", "crontab", "text"]));
});

test("the list of commands is that of --help", async () => {
  const help = (await bash("cronyx-action --help")).replaceAll(/\s+/g, " ");
  const [{ text } = { text: "" }, ...others] = blocksIn("text");
  expect(others).toEqual([]);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^cronyx-action \w/);
    expect(help).toContain(line.replace("cronyx-action ", ""));
  }
});

function every(jobInterval: RecordedSchedule["jobInterval"]): RecordedSchedule {
  return { jobInterval, timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
}

/** A run that ended some time ago. */
function ended(outcome: string, ago: number): Pick<JobState, "history"> {
  const [startedAt, endedAt] = [toIso(Date.now() - ago - HOUR), toIso(Date.now() - ago)];
  const run = { id: outcome, intervalStartedAt: startedAt, intervalEndedAt: endedAt, outcome, endedAt, runUrl: null };
  return { history: [run] };
}

const holder = (runId: string) => ({
  ...OTHER_RUN,
  runId,
  attempt: "1",
  job: "report",
  runUrl: `https://github.com/octo-org/reports/actions/runs/${runId}/attempts/1`,
});

/** A job that a run of GitHub holds for its next interval. */
function held(
  name: string,
  ago: number,
  { runId, until }: { readonly runId: string; readonly until: number },
): JobState {
  const interval = { intervalStartedAt: toIso(until), intervalEndedAt: toIso(until + HOUR) };
  const state = heldSince(name, Date.now() - ago, { holder: holder(runId), ...interval });
  return { ...state, finishedUntil: toIso(until), schedule: every(HOUR) };
}

/** The states of the jobs that the document shows. */
function shownStates(): readonly JobState[] {
  const hour = Date.now() - 20 * MINUTE;
  return [
    { ...finishedUntil("orders", hour - HOUR), schedule: every(HOUR), ...ended("interrupted", 12 * MINUTE) },
    held("hourly-report", 3 * HOUR, { runId: "1077338126", until: hour - 4 * HOUR }),
    held("copy", 90 * SECOND, { runId: "1077339004", until: hour - HOUR }),
    { ...finishedUntil("backup", hour - 15 * HOUR), schedule: every({ days: 1 }), ...ended("finished", 15 * HOUR) },
  ];
}

/** The states before the sessions with these commands. All other sessions begin without any. */
const BEFORE: readonly (readonly [command: string, states: () => readonly JobState[]])[] = [
  ["cronyx-action status", shownStates],
  ["cronyx-action release", shownStates],
  [
    "cronyx-action skip",
    () => [
      {
        ...finishedUntil("daily-orders", Date.parse("2026-11-24T00:00:00Z")),
        schedule: every("@daily"),
        begun: { intervalStartedAt: "2026-11-23T00:00:00.000Z", intervalEndedAt: "2026-11-24T00:00:00.000Z" },
      },
    ],
  ],
];

/** The commands of a session, each with the lines that it prints. */
function commandsOf({ text }: CodeBlock): readonly (readonly [command: string, printed: string])[] {
  const parts = text.split(/^\$ /m).slice(1);
  return parts.map((part) => {
    const end = part.indexOf("\n") + 1;
    return [part.slice(0, end).trimEnd(), part.slice(end)] as const;
  });
}

/** Instants and lengths of time differ from run to run, and so do the widths of columns. */
function normalised(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "INSTANT")
    .replaceAll(/\b\d+ (?:d|h|min|s)\b(?: \d+ (?:h|min|s)\b)?/g, "LENGTH")
    .replaceAll(/ {2,}/g, "  ");
}

describe.each(blocksIn("console").map((block) => [block.place, block] as const))("the session at %s", (_, block) => {
  test("prints what it shows", async () => {
    const commands = commandsOf(block);
    expect(commands.length).toBeGreaterThan(0);
    for (const ref of await repository.refs()) await repository.git(["update-ref", "-d", ref.split(" ")[1] ?? ""]);
    const states = BEFORE.filter(([command]) => block.text.includes(`$ ${command}`)).flatMap(([, of]) => of());
    for (const state of states) await repository.write(state.name, state);
    const mark = "-- the end of a command --";
    const printed = await bash(commands.map(([command]) => `{ ${command}\n} 2>&1; echo '${mark}'\n`).join(""));
    expect(printed.split(`${mark}\n`).slice(0, -1).map(normalised)).toEqual(
      commands.map(([, shown]) => normalised(shown)),
    );
  });
});

describe.each(blocksIn("sh").map((block) => [block.place, block] as const))("the script at %s", (_, { text }) => {
  if (text === NOT_RUN) return;

  test("finishes the interval of its job if its commands succeed, and interrupts it otherwise", async () => {
    const [, job = ""] = /cronyx-action start (\S+)/.exec(text) ?? [];
    await bash(text, { BROKEN: "load" });
    expect((await repository.state(job))?.history).toMatchObject([{ outcome: "interrupted" }]);
    await bash(text);
    expect((await repository.state(job))?.history).toMatchObject([{ outcome: "finished" }, { outcome: "interrupted" }]);
  });
});

test("a line of cron finishes the interval of its job", async () => {
  const [{ text } = { text: "" }, ...others] = blocksIn("crontab");
  expect(others).toEqual([]);
  const [, command = "", job = ""] = /^(?:\S+ ){5}(.* exec (\S+) .*)\n$/.exec(text) ?? [];
  await bash(command);
  expect(await repository.state(job)).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
});

test("the script that is not run is in the document", () => {
  expect(blocksIn("sh").filter(({ text }) => text === NOT_RUN)).toHaveLength(1);
});
