import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { displayWidth } from "../../src/cli/display-width.ts";
import { countsLine, statusRows } from "../../src/cli/status-rows.ts";
import { shortLength, statusTable } from "../../src/cli/status-table.ts";
import { columnsOf, cursorMover, hasColours, painted } from "../../src/cli/terminal.ts";
import { parseFailRules } from "../../src/scheduler/fail-when.ts";
import { DAY, HOUR, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import type { JobState, RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { whatComesNext } from "../../src/scheduler/what-comes-next.ts";
import { anyCharacter } from "../../testing/generators/characters.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const NOW = Date.parse("2026-11-24T12:20:00Z");
const HOURLY: RecordedSchedule = { jobInterval: "0 * * * *", timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
const PLAIN = { now: NOW, width: 80, paint: (_: string, text: string) => text, moveTo: null };

/** An hourly job without a lock, whose last interval ended some hours ago. */
function hourly(name: string, hours: number, more: Partial<JobState> = {}): JobState {
  return { ...finishedUntil(name, NOW - 20 * MINUTE - hours * HOUR), schedule: HOURLY, ...more };
}

function ended(outcome: string, ago: number): Pick<JobState, "history"> {
  const endedAt = toIso(NOW - ago);
  return {
    history: [{ id: "1", intervalStartedAt: endedAt, intervalEndedAt: endedAt, outcome, endedAt, runUrl: null }],
  };
}

async function rowsOf(states: readonly JobState[], rules: readonly string[] = [], damaged: readonly string[] = []) {
  const required = new Map(states.map((state) => [state.name, state]));
  const jobs = [];
  for (const state of states) jobs.push({ state, next: await whatComesNext({ state, required, now: NOW }) });
  return statusRows({ jobs, damaged }, await parseFailRules(rules), NOW);
}

const STATES: readonly JobState[] = [
  hourly("backup", 0, ended("finished", 12 * MINUTE)),
  { ...heldSince("copy", NOW - 12 * MINUTE), schedule: HOURLY },
  hourly("late", 4, ended("finished", 5 * HOUR)),
  hourly("later", 34, ended("finished", 34 * HOUR)),
  { ...heldSince("long", NOW - 3 * HOUR), finishedUntil: toIso(NOW - 20 * MINUTE), schedule: HOURLY },
  hourly("orders", 1, ended("interrupted", 59 * MINUTE)),
  finishedUntil("unknown", NOW - DAY),
  hourly("waits", 1, { ...ended("taken over by a newer version", 3 * DAY), schedule: requires("orders") }),
];

function requires(job: string): RecordedSchedule {
  return { ...HOURLY, requiredJobNames: [job] };
}

test("the table has the jobs that need attention first, each with what comes next and its last run", async () => {
  const rows = await rowsOf(STATES, ["held: 2 hours"], ["broken"]);
  expect(statusTable(rows, { ...PLAIN, width: 100 })).toEqual([
    "JOB      STATE          NEXT DUE              LAST RUN                HELD BY",
    "broken   damaged",
    "orders   failing        20 min late           interrupted 59 min ago",
    "later    overdue        33 h late, 33 behind  finished 34 h ago",
    "late     overdue        3 h late, 3 behind    finished 5 h ago",
    "long     held too long  in 40 min             none                    run 4711, 3 h",
    "copy     running        20 min late           none                    run 4711, 12 min",
    "backup   free           in 40 min             finished 12 min ago",
    "unknown  free           unknown               none",
    "waits    waiting        20 min late           ended 3 d ago",
  ]);
  expect(countsLine(rows)).toBe("9 jobs: 1 damaged, 1 failing, 2 overdue, 1 held too long, 1 running");
  expect(countsLine(rows.slice(-2, -1))).toBe("1 job");
});

test("a narrow table shows the holder as the last run, and cuts the names", async () => {
  const long = "orders/of-all-regions/partitions-of-the-warehouse-by-day";
  const behind = hourly(long, 2_000, ended("interrupted", HOUR));
  const held = { ...heldSince("b", NOW - 12 * MINUTE, { holder: { ...OTHER_RUN, runId: "10773381269" } }) };
  expect(statusTable(await rowsOf([behind, held]), PLAIN)).toEqual([
    "JOB                    STATE    NEXT DUE                 LAST RUN",
    "orders/of-…use-by-day  failing  83 d late, 1000+ behind  interrupted 60 min ago",
    "b                      running  unknown                  run 10773381269, 12 min",
  ]);
});

/** The character that begins in each column: none where the character before it takes more than one. */
function columnsIn(line: string): readonly string[] {
  return Array.from(new Intl.Segmenter("en").segment(line), ({ segment }) => segment).flatMap((character) =>
    Array.from({ length: displayWidth(character) }, (_, column) => (column === 0 ? character : "")),
  );
}

describe("whatever the names and holders are", () => {
  const name = fc.oneof(
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 255 }),
    fc.constantFrom(
      "日".repeat(255),
      "❤️👍🏽".repeat(40),
      "שלום ".repeat(30),
      "\u{20000}\ua9ba",
      "\u202e\n\u001b[2J::error::",
      "##[error]x",
    ),
  );
  test("each line takes at most the width, and its columns begin at the same place", async () => {
    const property = fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), name, async (names, id) => {
      const rows = await rowsOf(
        names.map((own, at) =>
          at % 2 === 0
            ? hourly(own, at * 600, ended("interrupted", MINUTE))
            : heldSince(own, NOW - at * DAY, { holder: { ...OTHER_RUN, runId: id } }),
        ),
        ["held: 2 hours"],
      );
      const lines = statusTable(rows, PLAIN);
      const at = lines[0]?.indexOf("STATE") ?? 0;
      for (const line of lines) {
        expect(displayWidth(line)).toBeLessThanOrEqual(80);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}]|^::|##\[/u);
        expect([" ", ""]).toContain(columnsIn(line)[at - 1] ?? "");
        expect(columnsIn(line)[at]).toMatch(/[Sfohr]/);
      }
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test("a terminal begins the column after a name that is not ASCII at its place", async () => {
    const rows = await rowsOf([hourly("a ❤️", 0), hourly("b", 0)]);
    const [, first, second] = statusTable(rows, { ...PLAIN, moveTo: (column) => `<${column}>` });
    expect(first).toBe("a ❤️  <7>free   in 40 min  none");
    expect(second).toBe("b     free   in 40 min  none");
  });
});

test.each([
  [0, "0 s"],
  [119_999, "119 s"],
  [2 * MINUTE, "2 min"],
  [2 * HOUR - 1, "119 min"],
  [33 * HOUR, "33 h"],
  [2 * DAY, "2 d"],
  [-5_000, "0 s"],
])("%i ms are %s", (ms, text) => {
  expect(shortLength(ms)).toBe(text);
});

describe("a terminal", () => {
  test.each([
    [{ isTTY: true, columns: 132 }, 132],
    [{ isTTY: true, columns: 60 }, 80],
    [{ isTTY: true }, 80],
    [{ columns: 132 }, 80],
  ])("%j is %i columns wide", (output, columns) => {
    expect(columnsOf(output)).toBe(columns);
  });

  test.each([
    [true, {}, true],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [true, { FORCE_COLOR: "0" }, false],
    [false, {}, false],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
  ])("isTTY %s with %j: colours %s", (isTTY, env, colours) => {
    expect(hasColours({ isTTY }, env)).toBe(colours);
  });

  test("a state is coloured, and nothing else of a line", async () => {
    const rows = await rowsOf([hourly("late", 4)]);
    const [, line = ""] = statusTable(rows, { ...PLAIN, paint: painted });
    expect(line).toBe("late  \u001b[33moverdue\u001b[39m  3 h late, 3 behind  none");
  });

  test("its cursor is moved only where there is one", () => {
    expect(cursorMover({ isTTY: true }, {})?.(7)).toBe("\u001b[7G");
    expect(cursorMover({ isTTY: true }, { TERM: "dumb" })).toBeNull();
    expect(cursorMover({}, {})).toBeNull();
  });
});
