import { expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import {
  durationOf,
  historyInWords,
  historyOf,
  intervalOf,
  successRate,
  typicalDuration,
} from "../../../src/server/pages/history.ts";
import { NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const ALL = [
  run(NOON, { outcome: "interrupted" }),
  run(NOON, { outcome: "taken-over" }),
  run(NOON - HOUR, { runUrl: "https://ci.example/1" }),
];
const skipped = (until: number, recordedAt: number) => ({
  skippedStartedAt: toIso(until - HOUR),
  skippedEndedAt: toIso(until),
  recordedAt: toIso(recordedAt),
});

test("the runs and the skipped spans are in the order in which they were recorded, the oldest first", () => {
  const entries = historyOf(
    state("report", {
      history: [run(NOON), run(NOON - 2 * HOUR), run(NOON - 3 * HOUR)],
      // The first one was left out by the run at noon, which finished a minute later.
      skipped: [skipped(NOON - HOUR, NOON + MINUTE), skipped(NOON - 5 * HOUR, NOON - 4 * HOUR)],
    }),
  );
  expect(entries.map((entry) => `${entry.kind} ${intervalOf(entry).intervalEndedAt.slice(11, 16)}`)).toEqual([
    ...["skipped 07:00", "run 09:00", "run 10:00", "skipped 11:00", "run 12:00"],
  ]);
});

test("runs that ended in the same millisecond stay in their order", () => {
  expect(historyOf(state("report", { history: ALL })).map((entry) => entry.kind === "run" && entry.run)).toEqual(
    ALL.toReversed(),
  );
});

test.each([
  [[], [], false, "No run has ended yet"],
  [[], [], true, "No run has ended yet; one is running"],
  [[run(NOON)], [], false, "Last run: 1 finished"],
  [ALL, [], true, "Last 3 runs: 1 finished, 1 interrupted, 1 taken over; one is running"],
  [ALL, [skipped(NOON, NOON)], false, "Last 3 runs: 1 finished, 1 interrupted, 1 taken over; 1 skipped span"],
  [[], [skipped(NOON, NOON), skipped(NOON, NOON)], false, "No run has ended yet; 2 skipped spans"],
])("%# in words", (history, spans, isRunning, words) => {
  expect(historyInWords(historyOf(state("report", { history, skipped: spans })), isRunning)).toBe(words);
});

test.each([
  [[], null],
  [[run(NOON)], "1 of 1 run finished (100%)"],
  [ALL, "1 of 3 runs finished (33%)"],
  [
    [...Array.from({ length: 19 }, () => run(NOON)), run(NOON, { outcome: "taken-over" })],
    "19 of 20 runs finished (95%)",
  ],
])("%# success rate", (history, rate) => {
  expect(successRate(history)).toBe(rate);
});

test("the typical duration is the median of the finished runs whose start is recorded", () => {
  const lasting = (minutes: number, more = {}) => ({
    ...run(NOON),
    createdAt: toIso(NOON + (1 - minutes) * MINUTE),
    ...more,
  });
  const history = [lasting(2), lasting(90), lasting(3), lasting(500, { outcome: "interrupted" }), run(NOON)];
  expect(typicalDuration(history)).toBe(3 * MINUTE);
  expect([typicalDuration([run(NOON)]), durationOf(run(NOON))]).toEqual([null, null]);
});
