import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { filtersOf, headings, pageOf, sectionsOf, wordsOf, writeTo } from "../../../testing/servers/root-pages.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { exampleJobs } from "../../../testing/states/example-jobs.ts";
import { HOURLY, lock, run, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

const write = (...states: readonly JobState[]) => writeTo(server, states);
const page = (query?: string, headers?: object) => pageOf(server, query, headers);

describe("the page", () => {
  test("runs only its own script, is not cached and cannot be framed", async () => {
    await write(state("report", { active: lock(NOON) }));
    for (const query of ["", "?name=report", "?release=report", "?name=never", "?page=x"]) {
      const { headers, text } = await page(query);
      expect(headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": expect.stringMatching(
          /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cache-control": "no-store",
      });
      expect(text).not.toMatch(/<script[^>]|\son\w+=|\sstyle=/);
      const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = ""]) => script);
      // A page that asks for confirmation and a message stay as they are.
      expect(scripts.length).toBe(query === "" || query === "?name=report" ? 1 : 0);
      for (const script of scripts) {
        const hash = createHash("sha256").update(script).digest("base64");
        expect(headers["content-security-policy"]).toContain(`script-src 'sha256-${hash}';`);
      }
    }
  });

  test("lists failing jobs first, then overdue, running, waiting and free ones, and counts each job once", async () => {
    const required = { ...HOURLY, requiredJobNames: ["late"] };
    await write(
      state("done", { finishedUntil: toIso(NOON), schedule: HOURLY, history: [run(NOON)] }),
      state("late", { finishedUntil: toIso(NOON - 3 * HOUR), schedule: HOURLY, history: [run(NOON - 3 * HOUR)] }),
      state("held back", { finishedUntil: toIso(NOON - HOUR), schedule: required, history: [run(NOON - HOUR)] }),
      state("failed", {
        finishedUntil: toIso(NOON - HOUR),
        schedule: HOURLY,
        history: [run(NOON, { outcome: "interrupted" })],
        active: lock(NOON),
      }),
      state("running", { active: lock(NOON) }),
      state("stuck", {
        finishedUntil: toIso(NOON - 9 * HOUR),
        schedule: HOURLY,
        active: lock(NOON - 8 * HOUR),
        history: [run(NOON - 9 * HOUR)],
      }),
    );
    const answer = await page();
    expect(sectionsOf(answer)).toEqual([
      ["failing", "1", ["failed"]],
      ["overdue", "2", ["stuck", "late"]],
      ["running", "1", ["running"]],
      ["waiting", "1", ["held back"]],
      ["free", "1", ["done"]],
    ]);
    expect(filtersOf(answer)).toEqual([
      ["All", 6, "?"],
      ["Failing", 1, "?state=failing"],
      ["Overdue", 2, "?state=overdue"],
      ["Running", 1, "?state=running"],
      ["Waiting", 1, "?state=waiting"],
      ["Free", 1, "?state=free"],
    ]);
    expect(answer.text).toContain("<title>1 failing, 2 overdue, 1 running · CronyxServer</title>");
    const words = wordsOf(answer);
    expect(words).toMatch(/Overdue Running for 8 h Stuck\?\n8 h late, 8 intervals behind\n/);
    expect(words).toMatch(/Overdue\n2 h late, 2 intervals behind\n/);
    expect(words).toMatch(/Waiting for late\n/);
    expect(words).toMatch(/Failing Running for 0 s\n/);
    expect((await page("?search=STU")).text).toMatch(/1 job has “<bdi>STU<\/bdi>” in the name/);
    expect(headings(await page("?search=STU"))).toEqual(["stuck"]);
  });

  test("measures how late a job is from the instant at which its interval was due", async () => {
    const daily = { ...HOURLY, jobInterval: { days: 1 } };
    const minutes = { ...HOURLY, startBuffer: 30 * MINUTE };
    await write(
      state("daily", { finishedUntil: toIso(NOON - 57 * HOUR), schedule: daily }),
      state("buffered", { finishedUntil: toIso(NOON - 34 * HOUR), schedule: minutes }),
      state("unknown", { finishedUntil: toIso(NOON - 34 * HOUR) }),
    );
    const words = wordsOf(await page("?sort=name"));
    expect(words).toMatch(/dailyevery day\s+Overdue\n1 d 9 h late, 1 interval behind\n/);
    expect(words).toMatch(/bufferedevery hour\s+Overdue\n1 d 8 h late, 32 intervals behind\n/);
    expect(words).toMatch(/unknownschedule not recorded\s+Free\nnot known\n/);
  });

  test("shows when each job is due next, its schedule, how long its interval is, and its last run", async () => {
    const cron = { jobInterval: "0 0 * * *", timezone: "Asia/Tokyo", startBuffer: 0, requiredJobNames: [] };
    const done = { ...run(NOON - 12 * MINUTE), createdAt: toIso(NOON - 17 * MINUTE) };
    await write(
      state("nightly", { finishedUntil: "2026-11-23T15:00:00.000Z", schedule: cron, history: [done] }),
      state("report", { finishedUntil: toIso(NOON - HOUR), schedule: HOURLY, active: lock(NOON) }),
    );
    const answer = await page("?sort=name");
    expect(wordsOf(answer)).toMatch(
      /nightly0 0 \* \* \*, 1 d each, Asia\/Tokyo\s+Free\nin 3 h\nfinished 11 min ago took 6 min\n/,
    );
    // The lock has the interval that is due, so the next one is the interval after it.
    expect(wordsOf(answer)).toMatch(/reportevery hour.*\s+Running for 0 s\nin 1 h\nnone yet\n/);
    expect(answer.text).toContain(
      '<time datetime="2026-11-24T15:00:00.000Z" title="Tue 24 Nov 2026, 15:00 UTC">in 3 h</time>',
    );
  });

  test("names three of the jobs that a job waits for, and all of them on its own page", async () => {
    const requiredJobNames = Array.from({ length: 200 }, (_, at) => `job-${at}`);
    const schedule = { ...HOURLY, requiredJobNames };
    await write(state("report", { finishedUntil: toIso(NOON - HOUR), schedule }));
    expect(wordsOf(await page())).toContain("Waiting for job-0, job-1, job-2 and 197 more\n");
    expect(wordsOf(await page("?name=report"))).toMatch(/job-198, which has no recorded progress; job-199, which/);
  });

  test("filters by state, sorts, and keeps both and the search in its links", async () => {
    await write(
      ...["c", "a", "b"].map((name) => state(`job-${name}`, { active: lock(NOON) })),
      state("job-d", { finishedUntil: toIso(NOON) }),
      state("other"),
    );
    const running = await page("?search=job&state=running&sort=name");
    expect([headings(running), sectionsOf(running)]).toEqual([["job-a", "job-b", "job-c"], []]);
    expect(filtersOf(running)).toEqual([
      ["All", 4, "?search=job&sort=name"],
      ["Running", 3, "?search=job&state=running&sort=name"],
      ["Free", 1, "?search=job&state=free&sort=name"],
    ]);
    expect(running.text).toContain('aria-current="true">Running');
    expect(running.text).toContain(
      'aria-sort="ascending"><a href="?search=job&#38;state=running&#38;sort=name">Job</a>',
    );
    expect(running.text).toContain('<input type="hidden" name="state" value="running">');
    expect(wordsOf(running)).toContain("3 running jobs have “job” in the name.");
    expect(wordsOf(await page("?state=failing"))).toContain("No job is failing");
    for (const query of ["?state=late", "?sort=age"]) expect((await page(query)).status).toBe(400);
  });

  test("without any job shows the first workflow, with the server's own address", async () => {
    const empty = await page();
    expect(wordsOf(empty)).toContain(`          url: ${server.url}\n          job-name: hourly-report\n`);
    expect(empty.text).not.toContain("What the marks and states mean");
    await write(state("report"));
    expect(wordsOf(await page())).not.toContain("url: ");
    expect(wordsOf(await page("?search=x"))).toContain("0 jobs have “x” in the name.");
  });

  test.each(["interrupted", "taken-over"] as const)(
    "shows a job whose newest run was %s as failing, not as free",
    async (outcome) => {
      const history = [run(NOON - HOUR, { outcome }), run(NOON - 2 * HOUR)];
      await write(
        state("failed", { finishedUntil: toIso(NOON - 1.5 * HOUR), schedule: HOURLY, history }),
        state("fine", { finishedUntil: toIso(NOON), schedule: HOURLY, history: history.toReversed() }),
      );
      const words = wordsOf(await page());
      expect(headings(await page())).toEqual(["failed", "fine"]);
      expect(words.indexOf("Failing")).toBeLessThan(words.indexOf("Free"));
      expect(sectionsOf(await page())[0]).toEqual(["failing", "1", ["failed"]]);
      const own = wordsOf(await page("?name=failed"));
      expect(own).toContain("Failing");
      expect(own).not.toContain("Free");
      expect(own).toContain("30 min late");
    },
  );

  test("marks no run of a job that catches up as stuck before it has run for as long as its interval", async () => {
    const late = { finishedUntil: toIso(NOON - 9 * HOUR), schedule: HOURLY };
    await write(state("report", { ...late, active: lock(NOON - 8 * HOUR, HOUR, { createdAt: toIso(NOON - MINUTE) }) }));
    expect(wordsOf(await page("?name=report"))).toMatch(/Running for 1 min\n/);
    server.clock.now += 59 * MINUTE;
    expect(wordsOf(await page("?name=report"))).toMatch(/Running for 1 h Stuck\?\n/);
  });

  test("has fifty jobs, and links to other pages by their numbers", async () => {
    await write(...Array.from({ length: 420 }, (_, at) => state(`job-${String(at).padStart(3, "0")}`)));
    const second = await page("?page=5&search=job");
    expect([headings(second).length, headings(second)[0]]).toEqual([50, "job-200"]);
    const [, links = ""] = /<nav class="pages"(.*?)<\/nav>/.exec(second.text) ?? [];
    expect([...links.matchAll(/<li.*?<\/li>/g)].map(([item]) => wordsOf({ text: item }))).toEqual([
      ...["Page 1", "…", "Page 4", "Page 5", "Page 6", "…", "Page 9"],
    ]);
    expect(links).toContain('<a href="?search=job&#38;page=4" rel="prev">Previous</a>');
    expect(links).toContain('<a href="?search=job&#38;page=6" rel="next">Next</a>');
    expect(links).toContain('<a href="?search=job&#38;page=5" aria-current="page">');
    expect(links).toContain('<a href="?search=job">');
    expect(wordsOf(second)).toContain("201 to 250 of 420");
    const last = await page("?page=99");
    expect([headings(last).length, wordsOf(last).includes("401 to 420 of 420")]).toEqual([20, true]);
  });

  test("of fifty jobs with full histories has less than 300 KB", async () => {
    const [example] = await exampleJobs(NOON);
    await write(...Array.from({ length: 60 }, (_, at) => state(`job-${at}`, { ...example, name: `job-${at}` })));
    const { text } = await page();
    expect(text.match(/class="mark interrupted"/g)?.length).toBeGreaterThan(100);
    expect(Buffer.byteLength(text)).toBeLessThan(300_000);
  });

  test("of one job lists its runs and skipped spans with start, duration, attempt and holder", async () => {
    const holder = { repository: "octo-org/reports", runId: "7", attempt: "2" };
    const done = { ...run(NOON, { runUrl: "https://ci.example/7" }), createdAt: toIso(NOON - 4 * MINUTE), holder };
    const skipped = [
      { skippedStartedAt: toIso(NOON - 2 * HOUR), skippedEndedAt: toIso(NOON - HOUR), recordedAt: toIso(NOON - HOUR) },
    ];
    await write(state("report", { finishedUntil: toIso(NOON), schedule: HOURLY, history: [done], skipped }));
    server.clock.now += 2 * MINUTE;
    const { status, text } = await page("?name=report");
    expect([status, text.includes('<a href="https://ci.example/7" rel="noopener noreferrer">')]).toEqual([200, true]);
    const rows = [...text.matchAll(/<tr role="row"><th scope="row".*?<\/tr>/gs)].map(([row]) =>
      wordsOf({ text: row }).replaceAll("&#32;", " ").split("\n"),
    );
    expect(rows).toEqual([
      ["11:00 to 12:00finished 1 min ago", "11:56", "5 min", "2", "octo-org/reports, run 7"],
      ["10:00 to 11:00skipped 1 h 2 min ago"],
    ]);
    expect(wordsOf({ text })).toContain("1 of 1 run finished (100%); a finished run takes 5 min (median).");
    expect(wordsOf({ text })).toMatch(
      /Next interval12:00 to 13:00\nNext duein 58 min\nFinished until12:00\nScheduleevery hour\n/,
    );
    expect(await page("?name=never")).toMatchObject({
      status: 404,
      text: expect.stringContaining("<h1>No such job</h1>"),
    });
  });

  test("of one job shows the start buffer, the required jobs and all of twenty runs", async () => {
    const schedule = { ...HOURLY, startBuffer: 90 * MINUTE, requiredJobNames: ["orders", "prices"] };
    const history = Array.from({ length: 20 }, (_, at) => run(NOON - at * HOUR));
    await write(state("report", { finishedUntil: toIso(NOON), schedule, history }));
    const { text } = await page("?name=report");
    expect(wordsOf({ text })).toContain("Start buffer1 hour 30 minutes\nRequiresorders, prices\n");
    expect(text).toContain('<a href="?name=orders"><bdi>orders</bdi></a>');
    expect(text.match(/<tr role="row"><th scope="row"/g)?.length).toBe(20);
    expect(text.match(/<li><span role="img" class="mark finished"/g)?.length).toBe(20);
  });

  test("shows a message if the store fails", async () => {
    await server.close();
    class BrokenStore extends MemoryStore {
      override async list(): Promise<never> {
        throw new ServiceError("database-unreachable", {
          place: "the database at db.internal",
          problem: "cannot be reached",
          effect: "none",
        });
      }
    }
    server = await runServer({ store: new BrokenStore() });
    expect(await page()).toMatchObject({
      status: 503,
      text: expect.stringContaining("<h1>Temporarily unavailable</h1>"),
    });
    expect((await page()).text).not.toContain("db.internal");
    expect((await server.send("GET", "/")).text).toBe(
      `{"message":"Cannot read: the server's database is unavailable, and the server's log has the cause"}`,
    );
  });
});
