import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { code } from "../../../src/action/summary/summary-cells.ts";
import { type Summary, type SummaryRow, summaryText } from "../../../src/action/summary/summary-text.ts";
import { DAY, HOUR, toIso } from "../../../src/scheduler/instant.ts";
import type { EndedRun, JobState } from "../../../src/scheduler/state-document.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";

const AT = Date.parse("2026-11-24T04:00:00Z");
const ROW: SummaryRow = {
  jobName: "report",
  interval: { from: AT, until: AT + HOUR },
  outcome: "finished",
  holder: {
    repository: "octo-org/reports",
    runId: "7",
    job: "nightly",
    runUrl: "https://github.com/octo-org/reports/actions/runs/7/attempts/1",
  },
  dueAt: AT + 2 * HOUR,
  behind: 3,
};
const SUMMARY: Summary = { rows: [ROW], state: null, timezone: "UTC", serverUrl: "https://github.com" };

const run = (outcome: string, from: number): EndedRun => ({
  id: String(from),
  intervalStartedAt: toIso(from),
  intervalEndedAt: toIso(from + HOUR),
  outcome,
  endedAt: toIso(from + 2 * HOUR),
  runUrl: null,
});
const STATE: JobState = {
  v: 1,
  name: "report",
  finishedUntil: toIso(AT),
  active: null,
  history: [
    run("finished", AT + 2 * HOUR),
    run("taken-over", AT + 2 * HOUR),
    run("interrupted", AT),
    run("finished", AT - HOUR),
  ],
  skipped: [{ skippedStartedAt: toIso(AT), skippedEndedAt: toIso(AT + HOUR), recordedAt: toIso(AT) }],
};

test("a row has the job, the interval, the outcome, the holder, and what comes next", () => {
  expect(summaryText(SUMMARY)).toBe(
    [
      "| job | interval (<code>UTC</code>) | outcome | holder | next due | further intervals due |",
      "| --- | --- | --- | --- | --- | --- |",
      "| <code>report</code> | 2026-11-24 04:00 – 2026-11-24 05:00 | finished | [<code>octo-org&#47;reports, run 7, job nightly</code>](https://github.com/octo-org/reports/actions/runs/7/attempts/1) | 2026-11-24 06:00 | 3 |",
      "\n",
    ].join("\n"),
  );
});

test("instants are on the wall clock of the job's time zone", () => {
  expect(summaryText({ ...SUMMARY, timezone: "Asia/Tokyo" })).toContain(
    "| job | interval (<code>Asia&#47;Tokyo</code>) |",
  );
  expect(summaryText({ ...SUMMARY, timezone: "Asia/Tokyo" })).toContain("2026-11-24 13:00 – 2026-11-24 14:00");
  expect(summaryText({ ...SUMMARY, timezone: "No/Where" })).toContain("interval (<code>UTC</code>)");
});

test("a refusal has no interval", () => {
  const row = { ...ROW, interval: null, outcome: "not started (active)", dueAt: null, behind: null };
  expect(summaryText({ ...SUMMARY, rows: [row] })).toMatch(
    /\| <code>report<\/code> \| {2}\| not started \(active\) \|/,
  );
});

test("the chart has a bar for each run, oldest first, on the same wall clock", () => {
  expect(summaryText({ ...SUMMARY, state: STATE, timezone: "Asia/Tokyo" })).toContain(
    [
      "```mermaid",
      "gantt",
      "  title Intervals of the last runs",
      "  dateFormat YYYY-MM-DDTHH:mm:ss",
      "  axisFormat %H:%M",
      "  section 2026-11-24",
      "  finished :done, 2026-11-24T12:00:00, 2026-11-24T13:00:00",
      "  interrupted :crit, 2026-11-24T13:00:00, 2026-11-24T14:00:00",
      "  skipped :crit, done, 2026-11-24T13:00:00, 2026-11-24T14:00:00",
      "  taken-over :crit, 2026-11-24T15:00:00, 2026-11-24T16:00:00",
      "  finished :done, 2026-11-24T15:00:00, 2026-11-24T16:00:00",
      "```",
    ].join("\n"),
  );
});

test("the axis of many days has dates", () => {
  const history = Array.from({ length: 20 }, (_, at) => run("finished", AT - at * DAY));
  const text = summaryText({ ...SUMMARY, state: { ...STATE, history, skipped: [] } });
  expect(text).toContain("axisFormat %d %b");
  expect(text.match(/^ {2}finished :done/gm)).toHaveLength(20);
});

test("an outcome of a newer version is a bar of its own, and its word is not shown", () => {
  const state = { ...STATE, history: [run("paused :crit, x\n  section y", AT), run("constructor", AT)] };
  expect(summaryText({ ...SUMMARY, state }).match(/^ {2}ended :done/gm)).toHaveLength(2);
});

test("of many rows the last 20 are shown", () => {
  const rows = Array.from({ length: 1000 }, (_, at) => ({ ...ROW, outcome: `finished ${at}` }));
  const text = summaryText({ ...SUMMARY, rows });
  expect(text).toContain("980 earlier rows are left out.");
  expect(text).toContain("finished 980 |");
  expect(text).not.toContain("finished 979 |");
});

test("of rows with long names those that fit are shown", () => {
  const jobName = "\u{202e}".repeat(255);
  const rows = Array.from({ length: 24 }, (_, at) => ({ ...ROW, jobName, outcome: `finished ${at}` }));
  const text = summaryText({ ...SUMMARY, rows, state: STATE });
  expect(text).toContain("22 earlier rows are left out.");
  expect(text).toContain("finished 23 |");
  expect(text).toContain("```mermaid");
});

describe("text from elsewhere", () => {
  test.each([
    ["a|b", "<code>a&#124;b</code>"],
    [
      "</code><img src=x onerror=alert(1)>",
      "<code>&#60;&#47;code&#62;&#60;img src&#61;x onerror&#61;alert&#40;1&#41;&#62;</code>",
    ],
    [
      "`code` **bold** [link](https://x)",
      "<code>&#96;code&#96; &#42;&#42;bold&#42;&#42; &#91;link&#93;&#40;https&#58;&#47;&#47;x&#41;</code>",
    ],
    ["@octocat #1", "<code>&#64;octocat &#35;1</code>"],
    ["日報 café", "<code>日報 café</code>"],
    ["line\nbreak", "<code>line&#92;u&#123;a&#125;break</code>"],
  ])("%j stays text", (text, shown) => {
    expect(code(text)).toBe(shown);
  });

  test("no name, holder or address leaves its cell, and no summary is longer than 20,000 bytes", () => {
    const text = fc.string({ maxLength: 600, unit: anyCharacter });
    const holder = fc.record({ repository: text, runId: text, job: text, runUrl: text }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(fc.record({ jobName: text, holder }), { minLength: 1, maxLength: 25 }), (some) => {
        const written = summaryText({ ...SUMMARY, rows: some.map((row) => ({ ...ROW, ...row })), state: STATE });
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(20_000);
        for (const line of written.split("\n").filter((line) => line.startsWith("| <code>"))) {
          expect(line.match(/\|/g)).toHaveLength(7);
          expect(line.replaceAll(/<\/?code>/g, "")).not.toMatch(/[<>`@*_~]/);
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    "javascript:alert(1)",
    "https://evil.example/octo-org/reports/actions/runs/7",
    "https://github.com/octo-org/reports/actions/runs/7)[x](https://evil.example",
  ])("%s is no link", (runUrl) => {
    expect(summaryText({ ...SUMMARY, rows: [{ ...ROW, holder: { ...ROW.holder, runUrl } }] })).not.toContain("](");
  });
});
