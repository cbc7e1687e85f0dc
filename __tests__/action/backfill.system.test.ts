import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { annotations } from "../../testing/action/step-results.ts";

const DAYS = { from: "2026-03-06", to: "2026-03-10", "job-interval": "30 2 * * *", timezone: "America/New_York" };
const STARTED_AT = "job-interval-started-at";

let folder: string;
let repository: LocksRepository;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
  repository = await LocksRepository.serve();
});
afterAll(async () => {
  await repository.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const included = (matrix = ""): Record<string, string>[] => JSON.parse(matrix).include;

test("each job of the matrix does the interval that was listed for it, without a lock and without a request", async () => {
  const step = repository.step(DAYS);
  const plan = await step.main("backfill");
  expect(annotations("error", plan)).toEqual([]);
  expect(plan).toMatchObject({ code: 0, outputs: { count: "3", intervals: "3", "next-offset": "" }, state: {} });
  expect(plan.log.filter((line) => line.startsWith("::notice"))).toEqual([
    expect.stringContaining("the first whole interval starts at 2026-03-06T07:30:00.000Z"),
  ]);
  const summary = readFileSync(path.join(step.folder, "backfill-STEP_SUMMARY"), "utf8");
  expect(summary).toContain("\n| 3 | 2026-03-08T07:30:00.000Z | 2026-03-09T06:30:00.000Z | 2026-03-08 03:30 |\n");

  const done = path.join(folder, "done");
  const intervals = included(plan.outputs.matrix);
  for (const { [STARTED_AT]: startedAt = "" } of intervals) {
    const leg = await repository
      .step({
        "job-name": "daily-report",
        "job-interval": DAYS["job-interval"],
        timezone: DAYS.timezone,
        "no-lock": "true",
        [STARTED_AT]: startedAt,
        run: `echo "$CRONYX_INTERVAL_STARTED_AT $CRONYX_INTERVAL_ENDED_AT" >> '${done}'`,
      })
      .main();
    expect(leg).toMatchObject({ code: 0, outputs: { started: "true", "job-id": "" } });
    expect(leg.log.filter((line) => /^::(notice|warning|error)/.test(line))).toEqual([]);
  }
  expect(readFileSync(done, "utf8").trim().split("\n")).toEqual(
    intervals.map((interval) => `${interval[STARTED_AT]} ${interval["job-interval-ended-at"]}`),
  );
  expect(await repository.state("daily-report")).toBeNull();
  expect(repository.exchanges).toEqual([]);
});

test("exactly once and in order: a job of its own name does the listed intervals, and goes on after a failure", async () => {
  const { outputs } = await repository.step(DAYS).main("backfill");
  const intervals = included(outputs.matrix);
  const done = path.join(folder, "in-order");
  const runOnce = (command: string) =>
    repository
      .step({
        "job-name": "daily-report-march",
        "job-interval": DAYS["job-interval"],
        timezone: DAYS.timezone,
        "starts-at": intervals[0]?.[STARTED_AT] ?? "",
        "max-intervals": "3",
        run: `${command}; echo "$CRONYX_INTERVAL_STARTED_AT" >> '${done}'`,
      })
      .main();
  const [, second] = intervals;
  const failed = await runOnce(`[ $CRONYX_INTERVAL_STARTED_AT != ${second?.[STARTED_AT]} ] || exit 3`);
  expect(failed).toMatchObject({ code: 3, outputs: { "intervals-finished": "1" } });
  expect((await runOnce("true")).outputs).toMatchObject({ "intervals-finished": "3" });
  const starts = readFileSync(done, "utf8").trim().split("\n");
  expect(starts.slice(0, 3)).toEqual(intervals.map((interval) => interval[STARTED_AT]));
  expect(new Set(starts).size).toBe(4);
});

test("a range that is refused fails the step, sets no output, and has one error", async () => {
  const refused = await repository.step({ ...DAYS, to: "2026-03-05" }).main("backfill");
  expect(refused).toMatchObject({ code: 1, outputs: {} });
  expect(annotations("error", refused)).toEqual([
    'to "2026-03-05" is before from, 2026-03-06T05:00:00.000Z: use an instant or a date after from, or exchange the two',
  ]);
});

test("durations on the calendar are read by the bundle too, and pages follow each other", async () => {
  const months = { from: "2025-01-31", to: "2025-06-30", "job-interval": "1 month", limit: "2" };
  const starts: (string | undefined)[] = [];
  for (let offset = "0"; offset !== ""; ) {
    const { outputs, code } = await repository.step({ ...months, offset, summary: "false" }).main("backfill");
    expect(code).toBe(0);
    starts.push(...included(outputs.matrix).map((interval) => interval[STARTED_AT]?.slice(0, 10)));
    offset = outputs["next-offset"] ?? "";
  }
  // Each month is counted from the one before.
  expect(starts).toEqual(["2025-01-31", "2025-02-28", "2025-03-28", "2025-04-28", "2025-05-28"]);
});
