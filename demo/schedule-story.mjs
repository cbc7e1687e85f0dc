import path from "node:path";
import { runOf, Step } from "../testing/action/runner.mjs";

/** The day of the story, on which a workflow with `cron: "0 * * * *"` gets the events below. */
const DAY = "2026-11-24";

/**
 * An event of the workflow's schedule. GitHub documents that such events are late under load, and that some are dropped.
 *
 * @typedef {object} ScheduleEvent
 * @property {string} expected The time for which the schedule asks, as HH:MM.
 * @property {readonly string[]} fired When the event came, as HH:MM: never, once, or more than once.
 * @property {boolean} [fails] Whether the work of the run fails.
 */

/** @type {readonly ScheduleEvent[]} */
export const EVENTS = [
  { expected: "01:00", fired: ["01:24"] },
  { expected: "02:00", fired: [] },
  { expected: "03:00", fired: ["03:06", "03:16"] },
  { expected: "04:00", fired: ["04:45"], fails: true },
  { expected: "05:00", fired: ["05:12"] },
  { expected: "06:00", fired: ["06:08"] },
];

/**
 * The run that one event caused.
 *
 * @typedef {object} StoryRun
 * @property {string} expected @property {string} fired
 * @property {{ from: string, to: string, finished: boolean }[]} intervals The intervals that it ran, as HH:MM.
 * @property {string[]} log
 */

/**
 * Plays the events, oldest first: each one is a run of the action with `run` and `max-intervals`, at the time of the event
 * by the clock of the git server.
 *
 * @param {object} options
 * @param {string} options.url The repository that keeps the lock. @param {string} options.token
 * @param {string} options.temporary A folder for temporary files.
 * @param {(instant: number) => void} options.setClock Sets the clock of the git server.
 * @returns {AsyncGenerator<StoryRun>}
 */
export async function* playSchedule({ url, token, temporary, setClock }) {
  for (const { expected, fired, fails = false } of EVENTS) {
    for (const time of fired) {
      setClock(Date.parse(`${DAY}T${time}:00Z`));
      const step = new Step({
        dist: path.join(import.meta.dirname, "..", "dist"),
        temporary,
        inputs: {
          url,
          token,
          "job-name": "orders-of-the-hour",
          "job-interval": "0 * * * *",
          "starts-at": `${DAY}T00:00:00Z`,
          "max-intervals": "24",
          run: fails ? "exit 1" : "true",
        },
        env: { ...runOf("orders"), GITHUB_WORKSPACE: temporary },
      });
      const main = await step.main();
      const post = await step.post(main.code === 0 ? "success" : "failure");
      const log = [...main.log, ...post.log];
      yield { expected, fired: time, intervals: intervalsIn(log), log };
    }
  }
}

/** @param {readonly string[]} log */
function intervalsIn(log) {
  return log.flatMap((line) => {
    const [, ending, from, to] =
      /^(Finished|Interrupted): .* for \S+T(\d\d:\d\d)\S+ to \S+T(\d\d:\d\d)/.exec(line) ?? [];
    return from === undefined || to === undefined ? [] : [{ from, to, finished: ending === "Finished" }];
  });
}
