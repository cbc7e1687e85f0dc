import { expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import type { JobSummary } from "../../../src/server/jobs/job-summary.ts";
import { overviewOf } from "../../../src/server/pages/overview.ts";
import { NOON } from "../../../testing/states/states-by-instant.ts";

const free = (name: string): JobSummary => ({ name, lockedAt: null, overdueAt: NOON + 1, failing: false });
const running = (name: string, since: number): JobSummary => ({ ...free(name), lockedAt: since });
const overdue = (name: string, at: number): JobSummary => ({ ...free(name), overdueAt: at });
const failing = (job: JobSummary): JobSummary => ({ ...job, failing: true });

const JOBS: readonly JobSummary[] = [
  free("a"),
  overdue("b", NOON),
  running("c", NOON - 1),
  free("d/Report"),
  running("e", NOON - 2),
  { ...overdue("f", NOON - 2 * HOUR), lockedAt: NOON - 3 * HOUR },
  failing(overdue("g", NOON - HOUR)),
  failing(running("h", NOON - 3)),
  { name: "i", lockedAt: null, overdueAt: null, failing: false, damaged: true },
];
const counts = { damaged: 1, failing: 2, overdue: 2, running: 2, free: 2 };

test("damaged jobs come first, then failing, overdue and running ones, the longest at the top, then free ones", () => {
  expect(overviewOf(JOBS, { search: "", page: 1 }, NOON)).toEqual({
    counts,
    running: 4,
    search: "",
    found: 9,
    names: ["i", "g", "h", "f", "b", "e", "c", "a", "d/Report"],
    page: 1,
    pages: 1,
  });
});

test("the search finds a part of a name in any case, and the counts stay those of all jobs", () => {
  const overview = overviewOf(JOBS, { search: "D/rep", page: 1 }, NOON);
  expect(overview).toMatchObject({ names: ["d/Report"], found: 1, counts });
  expect(overviewOf(JOBS, { search: ".*", page: 1 }, NOON)).toMatchObject({ names: [], found: 0, page: 1, pages: 1 });
});

test("many jobs are split into pages, and a number beyond the last gives the last page", () => {
  const many = Array.from({ length: 250 }, (_, at) => free(`job-${String(at).padStart(3, "0")}`));
  const page = (number: number) => overviewOf(many, { search: "", page: number }, NOON);
  expect([page(1).names.length, page(2).names[0], page(3).names.length]).toEqual([100, "job-100", 50]);
  expect(page(9)).toEqual(page(3));
  expect(page(3)).toMatchObject({ page: 3, pages: 3, found: 250 });
});
