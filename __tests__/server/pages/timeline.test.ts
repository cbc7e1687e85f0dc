import { expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import { TimeFormatter } from "../../../src/server/pages/time-formatter.ts";
import { runsInWords, timeline } from "../../../src/server/pages/timeline.ts";
import { lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const times = new TimeFormatter(NOON, "UTC");
const ALL = [
  run(NOON, { outcome: "interrupted", runUrl: "https://ci.example/3" }),
  run(NOON, { outcome: "taken-over", runUrl: "javascript:alert(1)" }),
  run(NOON - HOUR, { runUrl: "https://ci.example/1" }),
];

test.each([
  [[], false, "No run has ended yet"],
  [[], true, "No run has ended yet; one is running"],
  [[run(NOON)], false, "Last run: 1 finished"],
  [ALL, true, "Last 3 runs: 1 finished, 1 interrupted, 1 taken over; one is running"],
  [Array.from({ length: 25 }, () => run(NOON)), false, "Last 20 runs: 20 finished"],
])("%# in words", (history, running, words) => {
  expect(runsInWords(history, running)).toBe(words);
});

test("the oldest run is at the left, and the running one at the right", () => {
  const { text } = timeline(state("report", { history: ALL, active: lock(NOON + HOUR) }), times);
  const slots = [...text.matchAll(/translate\((\d+)\)|class="(finished|interrupted|taken-over|running)"/g)];
  expect(slots.map(([, place, shape]) => place ?? shape)).toEqual([
    "136",
    "finished",
    "144",
    "taken-over",
    "152",
    "interrupted",
    "160",
    "running",
  ]);
  expect(text).toMatch(/^<svg [^>]*aria-label="Last 3 runs: 1 finished, 1 interrupted, 1 taken over; one is running"/);
});

test("each run has a title, and a link to its URL", () => {
  const { text } = timeline(state("report", { history: ALL }), times);
  expect([...text.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title)).toEqual([
    "10:00 to 11:00: finished 11:01",
    "11:00 to 12:00: taken over 12:01",
    "11:00 to 12:00: interrupted 12:01",
  ]);
  expect([...text.matchAll(/href="(.*?)" rel="noopener noreferrer"/g)].map(([, url]) => url)).toEqual([
    "https://ci.example/1",
    "https://ci.example/3",
  ]);
});
