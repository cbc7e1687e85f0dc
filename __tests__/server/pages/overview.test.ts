import { expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import type { JobSummary } from "../../../src/server/jobs/job-summary.ts";
import { overviewOf } from "../../../src/server/pages/overview.ts";
import { NOON } from "../../../testing/states/states-by-instant.ts";

const free = (name: string): JobSummary => ({ name, lockedAt: null, overdueFrom: NOON });
const running = (name: string, since: number): JobSummary => ({ name, lockedAt: since, overdueFrom: null });
const overdue = (name: string, from: number, lockedAt: number | null = null): JobSummary => ({
  name,
  lockedAt,
  overdueFrom: from,
});

const JOBS = [
  free("a"),
  overdue("b", NOON - HOUR),
  running("c", NOON - 1),
  free("d/Report"),
  running("e", NOON - 2),
  overdue("f", NOON - 2 * HOUR, NOON - 3 * HOUR),
];

test("overdue jobs come first, then running ones, the longest at the top, then free ones by name", () => {
  expect(overviewOf(JOBS, { search: "", page: 1 }, NOON)).toEqual({
    counts: { damaged: 0, overdue: 2, running: 2, free: 2 },
    running: 3,
    search: "",
    found: 6,
    names: ["f", "b", "e", "c", "a", "d/Report"],
    page: 1,
    pages: 1,
  });
});

test("the search finds a part of a name in any case, and the counts stay those of all jobs", () => {
  const overview = overviewOf(JOBS, { search: "D/rep", page: 1 }, NOON);
  expect(overview).toMatchObject({
    names: ["d/Report"],
    found: 1,
    counts: { damaged: 0, overdue: 2, running: 2, free: 2 },
  });
  expect(overviewOf(JOBS, { search: ".*", page: 1 }, NOON)).toMatchObject({ names: [], found: 0, page: 1, pages: 1 });
});

test("many jobs are split into pages, and a number beyond the last gives the last page", () => {
  const many = Array.from({ length: 250 }, (_, at) => free(`job-${String(at).padStart(3, "0")}`));
  const page = (number: number) => overviewOf(many, { search: "", page: number }, NOON);
  expect([page(1).names.length, page(2).names[0], page(3).names.length]).toEqual([100, "job-100", 50]);
  expect(page(9)).toEqual(page(3));
  expect(page(3)).toMatchObject({ page: 3, pages: 3, found: 250 });
});
