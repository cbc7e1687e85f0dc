import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Page, pageOf } from "../../src/action/backfill-page.ts";
import { listIntervals } from "../../src/action/list-intervals.ts";
import { actionMessage } from "../../src/action/remedies.ts";
import { backfillSummary } from "../../src/action/summary/backfill-summary.ts";
import { DAY, HOUR, toIso } from "../../src/scheduler/instant.ts";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";

const NOW = Date.parse("2026-11-24T04:08:49Z");
const DAYS: InputTexts = { from: "2026-11-01", to: "2026-11-04", "job-interval": "@daily" };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

/** Plays the step, whose errors an entry point reports. */
async function played(inputs: InputTexts, summary?: string) {
  const { toolkit, outputs, log } = toolkitWith({ ...DAYS, ...inputs });
  const env = summary === undefined ? {} : { GITHUB_STEP_SUMMARY: summary };
  const error = await listIntervals({ ...surroundingsOf(toolkit, 1000), env, now: () => NOW }).then(
    () => null,
    (error: unknown) => actionMessage(error),
  );
  return { outputs, log, error };
}

const matrixIn = (outputs: Record<string, string>): { include: Record<string, string>[] } =>
  JSON.parse(outputs.matrix ?? "");
const startsIn = (outputs: Record<string, string>) =>
  matrixIn(outputs).include.map((entry) => entry["job-interval-started-at"]);

describe("outputs", () => {
  test("have the whole intervals as a matrix, oldest first, and their numbers", async () => {
    const { outputs, error, log } = await played({});
    expect(error).toBeNull();
    expect(outputs).toEqual({
      matrix:
        '{"include":[{"job-interval-started-at":"2026-11-01T00:00:00.000Z","job-interval-ended-at":"2026-11-02T00:00:00.000Z"},{"job-interval-started-at":"2026-11-02T00:00:00.000Z","job-interval-ended-at":"2026-11-03T00:00:00.000Z"},{"job-interval-started-at":"2026-11-03T00:00:00.000Z","job-interval-ended-at":"2026-11-04T00:00:00.000Z"}]}',
      count: "3",
      intervals: "3",
      "next-offset": "",
    });
    expect(log).toEqual(["Listed 3 of 3 intervals, 2026-11-01T00:00:00.000Z to 2026-11-04T00:00:00.000Z"]);
  });

  test("have the newest interval first with reverse", async () => {
    const { outputs, log } = await played({ reverse: "true", limit: "2" });
    expect(startsIn(outputs)).toEqual(["2026-11-03T00:00:00.000Z", "2026-11-02T00:00:00.000Z"]);
    expect(outputs).toMatchObject({ count: "2", intervals: "3", "next-offset": "2" });
    expect(log).toEqual([
      "Listed 2 of 3 intervals, 2026-11-02T00:00:00.000Z to 2026-11-04T00:00:00.000Z: go on with offset 2",
    ]);
  });

  test("have at most 256 intervals, and the offset of the following ones", async () => {
    const year = { from: "2025-11-01", to: "2026-11-01" };
    const first = await played(year);
    expect(first.outputs).toMatchObject({ count: "256", intervals: "365", "next-offset": "256" });
    const second = await played({ ...year, offset: "256" });
    expect(second.outputs).toMatchObject({ count: "109", intervals: "365", "next-offset": "" });
    expect(startsIn(second.outputs).at(0)).toBe(matrixIn(first.outputs).include.at(-1)?.["job-interval-ended-at"]);
    expect(second.log).toEqual([
      "Listed 109 of 365 intervals, 2026-07-15T00:00:00.000Z to 2026-11-01T00:00:00.000Z, from offset 256 on",
    ]);
  });

  test("read dates and cron expressions on the wall clock of the time zone, and instants with their offset", async () => {
    const { outputs } = await played({ from: "2026-10-24", to: "2026-10-27", timezone: "Europe/London" });
    expect(startsIn(outputs)).toEqual([
      "2026-10-23T23:00:00.000Z",
      "2026-10-24T23:00:00.000Z",
      "2026-10-26T00:00:00.000Z",
    ]);
    const instants = { from: "2026-11-01T01:00:00+01:00", to: "2026-11-02T00:00Z" };
    expect(startsIn((await played(instants)).outputs)).toEqual(["2026-11-01T00:00:00.000Z"]);
  });

  test("take a range that ends right now", async () => {
    const { outputs } = await played({ from: toIso(NOW - HOUR), to: toIso(NOW), "job-interval": "1 hour" });
    expect(startsIn(outputs)).toEqual([toIso(NOW - HOUR)]);
  });

  test("have an empty matrix where nothing is whole, and a notice says so", async () => {
    const { outputs, log } = await played({ from: "2026-11-01T00:00:00Z", to: "2026-11-01T23:59:59.999Z" });
    expect(outputs).toEqual({ matrix: '{"include":[]}', count: "0", intervals: "0", "next-offset": "" });
    expect(log).toEqual([
      "::notice::No whole interval lies between from 2026-11-01T00:00:00.000Z and to 2026-11-01T23:59:59.999Z, so count is 0: GitHub refuses a matrix without jobs",
      "Listed 0 of 0 intervals",
    ]);
  });

  test("have an empty matrix at the offset where the range ends", async () => {
    const { outputs, log } = await played({ offset: "3" });
    expect(outputs).toEqual({ matrix: '{"include":[]}', count: "0", intervals: "3", "next-offset": "" });
    expect(log).toEqual(["Listed 0 of 3 intervals"]);
  });
});

describe("log", () => {
  test("a cron expression with another boundary than from gets a notice of its first whole interval", async () => {
    const { outputs, log } = await played({ from: "2026-11-01T12:00:00Z" });
    expect(startsIn(outputs).at(0)).toBe("2026-11-02T00:00:00.000Z");
    expect(log[0]).toBe(
      '::notice::from 2026-11-01T12:00:00.000Z is no boundary of job-interval "@daily": the first whole interval starts at 2026-11-02T00:00:00.000Z',
    );
  });

  test("a number under a minute gets a warning, also where the range has too many intervals", async () => {
    const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-01T00:00:01Z" };
    const warning =
      '::warning::job-interval 60 means 60 milliseconds: write a unit, such as "60 seconds", or "60 ms" if it is meant so';
    expect((await played({ ...range, "job-interval": "60" })).log[0]).toBe(warning);
    const tooMany = await played({ "job-interval": "60" });
    expect([tooMany.log, tooMany.outputs]).toEqual([[warning], {}]);
    expect(tooMany.error).toContain("more than 100000 intervals");
    expect((await played({ ...range, "job-interval": "60 ms" })).log).toHaveLength(1);
  });
});

describe("a refusal names the input and the fix, and sets no output", () => {
  test.each<[InputTexts, string]>([
    [{ from: "" }, "from is missing: set this input"],
    [{ to: "" }, "to is missing: set this input"],
    [{ "job-interval": "" }, "job-interval is missing: set this input"],
    [{ from: "yesterday" }, 'from "yesterday" is neither an instant nor a date: use an ISO 8601 instant'],
    [{ to: "2026-11-03T00:00" }, 'to "2026-11-03T00:00" is neither an instant nor a date: use 2026-11-03T00:00Z, if'],
    [
      { to: "2026-11-01" },
      'to "2026-11-01" is where the range starts, so the range is empty: use an instant or a date',
    ],
    [{ to: "2026-10-31" }, 'to "2026-10-31" is before from, 2026-11-01T00:00:00.000Z: use an instant or a date after'],
    [
      { to: "2026-11-25" },
      'to "2026-11-25" is in the future, and an interval there has not ended: use an instant up to',
    ],
    [{ to: "2026-11-24T04:08:49.001Z" }, "is in the future"],
    [{ offset: "4" }, "offset 4 is beyond the range, which has 3 intervals: use a whole number from 0 to 3"],
    [{ offset: "-1" }, 'offset "-1" is not a number of intervals: use a whole number from 0 to 100000'],
    [{ offset: "1.5" }, "is not a number of intervals"],
    [{ limit: "0" }, 'limit "0" is not a number of intervals: use a whole number from 1 to 256'],
    [{ limit: "257" }, "use a whole number from 1 to 256"],
    [{ reverse: "yes" }, 'reverse "yes" is not a boolean: use true or false'],
    [{ summary: "no" }, 'summary "no" is not a boolean: use true or false'],
    [{ timezone: "BST" }, "Europe/London may be meant"],
    [{ from: toIso(0), "job-interval": "1 hour", timezone: "BST" }, "Europe/London may be meant"],
    [{ "job-interval": "often" }, 'job-interval "often" is not an interval'],
    [{ "job-interval": "60 * * * *" }, 'job-interval "60 * * * *" is not a cron expression'],
    [
      { from: "2026-01-01", "job-interval": "* * * * *" },
      'to "2026-11-04" is more than 100000 intervals of job-interval "* * * * *" after from: use an earlier to, a later from, or a longer job-interval',
    ],
  ])("%j", async (inputs, says) => {
    const { outputs, error } = await played(inputs);
    expect(error).toContain(says);
    expect(outputs).toEqual({});
  });

  test("100,000 intervals are not too many", async () => {
    const to = Date.parse("2026-11-01T00:00:00Z");
    const minutes = { "job-interval": "* * * * *", to: toIso(to), offset: "99999" };
    const { outputs } = await played({ ...minutes, from: toIso(to - 100_000 * 60_000) });
    expect(outputs).toMatchObject({ count: "1", intervals: "100000" });
    expect((await played({ ...minutes, from: toIso(to - 100_001 * 60_000) })).error).toContain("more than 100000");
  });
});

describe("step summary", () => {
  test("is appended to the runner's file", async () => {
    const file = path.join(folder, "appended.md");
    writeFileSync(file, "of the step before\n\n");
    await played({ limit: "2" }, file);
    expect(readFileSync(file, "utf8")).toBe(`of the step before

2 of 3 intervals between 2026-11-01T00:00:00.000Z and 2026-11-04T00:00:00.000Z: job-interval <code>&#34;&#64;daily&#34;</code>, timezone <code>UTC</code>

| | start | end |
| ---: | --- | --- |
| 1 | 2026-11-01T00:00:00.000Z | 2026-11-02T00:00:00.000Z |
| 2 | 2026-11-02T00:00:00.000Z | 2026-11-03T00:00:00.000Z |

`);
  });

  test("is left out with summary: false, and on a runner without the file", async () => {
    const file = path.join(folder, "left-out.md");
    writeFileSync(file, "");
    await played({ summary: "false" }, file);
    expect(readFileSync(file, "utf8")).toBe("");
    for (const missing of [undefined, ""]) expect((await played({}, missing)).error).toBeNull();
  });

  test("that cannot be written fails nothing, and the outputs are set", async () => {
    const { outputs, log, error } = await played({}, folder);
    expect([error, outputs.count, log.length]).toEqual([null, "3", 1]);
  });

  test("numbers the rows from the offset on, and shows the wall clock of the time zone", async () => {
    const file = path.join(folder, "wall-clock.md");
    await played({ offset: "2", timezone: "Europe/London", from: "2026-10-23", to: "2026-10-27" }, file);
    expect(readFileSync(file, "utf8").split("\n")).toEqual([
      "2 of 4 intervals between 2026-10-22T23:00:00.000Z and 2026-10-27T00:00:00.000Z: job-interval <code>&#34;&#64;daily&#34;</code>, timezone <code>Europe&#47;London</code>",
      "",
      "| | start | end | start (<code>Europe&#47;London</code>) |",
      "| ---: | --- | --- | --- |",
      "| 3 | 2026-10-24T23:00:00.000Z | 2026-10-26T00:00:00.000Z | 2026-10-25 00:00 |",
      "| 4 | 2026-10-26T00:00:00.000Z | 2026-10-27T00:00:00.000Z | 2026-10-26 00:00 |",
      "",
      "",
    ]);
  });

  const pageWith = (count: number): Page => {
    const intervals = Array.from({ length: count }, (_, at) => ({ start: at * DAY, end: (at + 1) * DAY }));
    return pageOf(intervals, { offset: 0, limit: count, isReverse: false });
  };
  const inputs = { from: 0, to: NOW, jobInterval: "0 0 * * *", timezone: "UTC" };

  test("has all rows of the largest page in UTC", () => {
    const summary = backfillSummary({ inputs, page: pageWith(256) });
    expect(summary).toContain(`\n| 256 | ${toIso(255 * DAY)} |`);
    expect(summary).not.toContain("leaves out");
  });

  test.each([
    ["UTC", 1000],
    ["Europe/London", 256],
  ])("has at most 20 KB, and says how many rows it leaves out: in %s", (timezone, count) => {
    const summary = backfillSummary({ inputs: { ...inputs, timezone }, page: pageWith(count) });
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(20_000);
    expect(Buffer.byteLength(summary)).toBeGreaterThan(19_000);
    const rows = summary.split("\n").filter((line) => /^\| \d/.test(line)).length;
    expect(summary).toMatch(new RegExp(`\\n\\nThe table leaves out ${count - rows} rows\\.\\n\\n$`));
  });

  test("gives no character of an input a meaning in Markdown or HTML", () => {
    const jobInterval = "0 0 * * *\n# <img src=x> | `a` [b](c) **d** ::error:: \u202e日";
    const summary = backfillSummary({ inputs: { ...inputs, jobInterval }, page: pageWith(1) });
    const [shown = ""] = /(?<=job-interval <code>).*?(?=<\/code>)/s.exec(summary) ?? [];
    expect(shown.replace(/&#\d+;/g, "")).toMatch(/^[\p{L}\p{N} .,-]*$/u);
    expect(shown).toContain("&#60;img src&#61;x&#62; &#124;");
  });
});
