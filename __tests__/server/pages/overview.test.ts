import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HOUR } from "../../../src/scheduler/instant.ts";
import { whatComesNext } from "../../../src/scheduler/what-comes-next.ts";
import type { JobSummary } from "../../../src/server/jobs/job-summary.ts";
import type { ListedStatus } from "../../../src/server/jobs/read-jobs.ts";
import { corrected, type Overview, overviewOf, PAGE_SIZE, type Selection } from "../../../src/server/pages/overview.ts";
import { lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const free = (name: string): JobSummary => ({
  name,
  lockedAt: null,
  overdueAt: NOON + 1,
  failing: false,
  finishedUntil: null,
  lastRunAt: null,
  next: null,
});
const running = (name: string, since: number): JobSummary => ({ ...free(name), lockedAt: since });
const overdue = (name: string, at: number): JobSummary => ({ ...free(name), overdueAt: at });
const failing = (job: JobSummary): JobSummary => ({ ...job, failing: true });
const due = (name: string, dueAt: number, requiredJobNames: readonly string[] = []): JobSummary => ({
  ...free(name),
  next: { end: dueAt, dueAt, requiredJobNames },
});
const damaged = (name: string): JobSummary => ({ ...free(name), overdueAt: null, damaged: true });

const JOBS: readonly JobSummary[] = [
  free("a"),
  overdue("b", NOON),
  running("c", NOON - 1),
  free("d/Report"),
  running("e", NOON - 2),
  { ...overdue("f", NOON - 2 * HOUR), lockedAt: NOON - 3 * HOUR },
  failing(overdue("g", NOON - HOUR)),
  failing(running("h", NOON - 3)),
  damaged("i"),
  due("j", NOON, ["a"]),
];
const counts = { damaged: 1, failing: 2, overdue: 2, running: 2, waiting: 1, free: 2 };

const EVERYTHING: Selection = { search: "", condition: null, sort: "urgency", page: 1 };

function overview(jobs: readonly JobSummary[], selection: Partial<Selection> = {}): Overview {
  const all = new Map(jobs.map((job) => [job.name, job]));
  return overviewOf(all, { selection: { ...EVERYTHING, ...selection }, mayUse: () => true, now: NOON });
}

const namesOf = ({ rows }: Overview) => rows.map(({ name }) => name);

describe("the order", () => {
  test("of urgency: damaged, failing, overdue and running jobs, the longest at the top, then waiting and free ones", () => {
    const { rows, ...rest } = overview(JOBS);
    expect(rows.map(({ name, condition }) => `${name} ${condition}`)).toEqual([
      ...["i damaged", "g failing", "h failing", "f overdue", "b overdue", "e running", "c running"],
      ...["j waiting", "a free", "d/Report free"],
    ]);
    expect(rest).toMatchObject({ counts, found: 10, page: 1, pages: 1 });
  });

  test("by name, by the next due instant and by the last run puts jobs without such an instant at the end", () => {
    const jobs = [
      free("a"),
      { ...due("b", NOON + 2), lastRunAt: NOON - 3 },
      { ...due("c", NOON + 1), lastRunAt: NOON - 1 },
      { ...free("d"), lastRunAt: NOON - 2 },
    ];
    expect(namesOf(overview(jobs, { sort: "name" }))).toEqual(["a", "b", "c", "d"]);
    expect(namesOf(overview(jobs, { sort: "due" }))).toEqual(["c", "b", "a", "d"]);
    expect(namesOf(overview(jobs, { sort: "run" }))).toEqual(["c", "d", "b", "a"]);
  });
});

describe("a selection", () => {
  test("by a part of a name finds it in any case, and counts the jobs that it found", () => {
    const found = overview(JOBS, { search: "D/rep" });
    expect([namesOf(found), found.found, found.counts]).toEqual([
      ["d/Report"],
      1,
      { damaged: 0, failing: 0, overdue: 0, running: 0, waiting: 0, free: 1 },
    ]);
    expect(overview(JOBS, { search: ".*" })).toMatchObject({ rows: [], found: 0, page: 1, pages: 1 });
  });

  test("by a state keeps the counts of all states", () => {
    expect(overview(JOBS, { condition: "failing" })).toMatchObject({ counts, found: 2 });
    expect(namesOf(overview(JOBS, { condition: "waiting" }))).toEqual(["j"]);
  });

  test("leaves out jobs that the caller may not use, also where another job waits for them", () => {
    const all = new Map(JOBS.map((job) => [job.name, job]));
    const mayUse = (name: string) => name === "j";
    const one = overviewOf(all, { selection: EVERYTHING, mayUse, now: NOON });
    expect([one.rows, one.counts.waiting, one.found]).toEqual([[{ name: "j", condition: "waiting" }], 1, 1]);
  });
});

test("many jobs are split into pages, and a number beyond the last gives the last page", () => {
  const many = Array.from({ length: 120 }, (_, at) => free(`job-${String(at).padStart(3, "0")}`));
  const page = (number: number) => overview(many, { page: number });
  expect([page(1).rows.length, namesOf(page(2))[0], page(3).rows.length]).toEqual([PAGE_SIZE, "job-050", 20]);
  expect(page(9).rows).toEqual(page(3).rows);
  expect(page(9)).toMatchObject({ page: 3, pages: 3, found: 120 });
});

describe("the counts and the rows, where the statuses differ from the summaries", () => {
  const status = async (name: string, more = {}): Promise<ListedStatus> => {
    const job = state(name, more);
    return { state: job, next: await whatComesNext({ state: job, required: new Map(), now: NOON }) };
  };
  const lockedStatus = (name: string) => status(name, { active: lock(NOON) });
  const failedStatus = (name: string) => status(name, { history: [run(NOON, { outcome: "interrupted" })] });

  test("follow the statuses", async () => {
    const before = overview([free("a"), running("b", NOON), running("c", NOON)]);
    const { overview: after, jobs } = corrected(before, [
      await lockedStatus("b"),
      await failedStatus("c"),
      await lockedStatus("a"),
    ]);
    expect(after.counts).toMatchObject({ running: 2, failing: 1, free: 0 });
    expect([after.found, jobs.length]).toEqual([3, 3]);
  });

  test("leave out a job that is no longer in the selected state, or that was removed", async () => {
    const before = overview([running("b", NOON), running("c", NOON), running("d", NOON)], { condition: "running" });
    const { overview: after, jobs } = corrected(before, [await lockedStatus("b"), await failedStatus("c")]);
    expect(after.counts).toMatchObject({ running: 1, failing: 1 });
    expect([after.found, jobs.length, namesOf(after)]).toEqual([1, 1, ["b"]]);
  });

  test("agree for any jobs and any statuses: each job counts once, in the section of its row", async () => {
    const kinds = [status, lockedStatus, failedStatus];
    const damagedStatus = (name: string): ListedStatus => ({ name, damaged: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 12 }),
        fc.array(fc.nat(3), { maxLength: 12 }),
        async (was, is) => {
          const summaries = was.map(
            (kind, at) =>
              [free, (name: string) => running(name, NOON), (name: string) => failing(free(name)), damaged][kind]?.(
                `${at}`,
              ) ?? free(`${at}`),
          );
          const statuses = await Promise.all(
            was.map((_, at) => kinds[is[at] ?? 0]?.(`${at}`) ?? damagedStatus(`${at}`)),
          );
          const { overview: after } = corrected(overview(summaries), statuses);
          for (const [condition, number] of Object.entries(after.counts)) {
            expect(after.rows.filter((row) => row.condition === condition).length).toBe(number);
          }
          expect(after.found).toBe(was.length);
        },
      ),
    );
  });
});
