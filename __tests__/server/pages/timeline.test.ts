import { expect, test } from "@jest/globals";
import { DAY, HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { TimeFormatter } from "../../../src/server/pages/time-formatter.ts";
import { timeline, wholeTimeline } from "../../../src/server/pages/timeline.ts";
import { lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const times = new TimeFormatter(NOON, "UTC");
const ALL = [
  run(NOON, { outcome: "interrupted", runUrl: "https://ci.example/3" }),
  run(NOON, { outcome: "taken-over", runUrl: "javascript:alert(1)" }),
  run(NOON - HOUR, { runUrl: "https://ci.example/1" }),
];
const SKIPPED = [
  {
    skippedStartedAt: toIso(NOON - 2 * HOUR),
    skippedEndedAt: toIso(NOON - HOUR),
    recordedAt: toIso(NOON - 30 * MINUTE),
  },
];
const marksOf = (text: string) => [...text.matchAll(/class="mark ([a-z-]+)"/g)].map(([, kind]) => kind);
const axisOf = (text: string) => [...text.matchAll(/<time [^>]*>(.*?)<\/time>/g)].map(([, label]) => label);

test("the oldest run is at the left, and the running one at the right", () => {
  const { text } = timeline(state("report", { history: ALL, skipped: SKIPPED, active: lock(NOON + HOUR) }), times);
  expect(marksOf(text)).toEqual(["finished", "skipped", "taken-over", "interrupted", "running"]);
  expect(text).toContain(
    'aria-label="Last 3 runs: 1 finished, 1 interrupted, 1 taken over; 1 skipped span; one is running"',
  );
});

test("each mark has a title, a label of the same words, and a link to its run", () => {
  const { text } = timeline(state("report", { history: ALL, skipped: SKIPPED }), times);
  const titles = [...text.matchAll(/ title="([^"]*)" aria-label="([^"]*)"/g)];
  expect(titles.map(([, title]) => title)).toEqual([
    "finished: 10:00 to 11:00, ended 11:01",
    "skipped: 10:00 to 11:00",
    "taken over: 11:00 to 12:00, ended 12:01",
    "interrupted: 11:00 to 12:00, ended 12:01",
  ]);
  for (const [, title, label] of titles) expect(label).toBe(title);
  expect([...text.matchAll(/href="(.*?)"/g)].map(([, url]) => url)).toEqual([
    "https://ci.example/1",
    "https://ci.example/3",
  ]);
});

test("an outcome of a newer version is text, with a mark of its own", () => {
  const { text } = timeline(state("report", { history: [{ ...run(NOON), outcome: "<b>paused</b>" }] }), times);
  expect(marksOf(text)).toEqual(["other"]);
  expect(text).toContain('title="&#60;b&#62;paused&#60;/b&#62;: 11:00 to 12:00, ended 12:01"');
});

test("the overview has the last marks, and a job's page all of them", () => {
  const history = Array.from({ length: 20 }, (_, at) => run(NOON - at * HOUR));
  expect(marksOf(timeline(state("report", { history }), times).text).length).toBe(11);
  expect(marksOf(wholeTimeline(state("report", { history }), times).text).length).toBe(20);
});

test.each([
  ["hours", HOUR, 11, ["01:00", "12:00"]],
  ["days", DAY, 11, ["13 Nov", "24 Nov"]],
  ["few marks, which have room for one label", HOUR, 3, ["12:00"]],
])("the axis shows where the marks begin and end: %s", (_, length, count, labels) => {
  const history = Array.from({ length: count }, (_, at) => run(NOON - at * length, { length }));
  expect(axisOf(timeline(state("report", { history }), times).text)).toEqual(labels);
});
