import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { parseOidcRules } from "../../../src/server/auth/oidc-rules.ts";
import { oidcScheme } from "../../../src/server/auth/oidc-scheme.ts";
import { Clock, NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { Issuer, newKey } from "../../../testing/servers/token-issuer.ts";
import { exampleJobs } from "../../../testing/states/example-jobs.ts";
import { HOURLY, lock, run, state } from "../../../testing/states/states-by-instant.ts";
import { MemoryStore } from "../../../testing/stores/memory-store.ts";

const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8" };
const OWN_PAGE = { ...BROWSER, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" };

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

const write = (...states: readonly JobState[]) =>
  Promise.all(states.map((one) => server.store.swap(null, one, deadlineIn(1_000))));
const list = async (query = "") => (await server.send("GET", `/${query}`)).json;
const page = (query = "", headers = {}) => server.send("GET", `/${query}`, { headers: { ...BROWSER, ...headers } });
const namesOf = ({ jobs }: { jobs: readonly { name: string }[] }) => jobs.map(({ name }) => name);
/** The text of a page, without its stylesheet and its script. */
const wordsOf = ({ text }: { text: string }) => text.replace(/<(style|script)>.*?<\/\1>/gs, "").replace(/<[^>]+>/g, "");
/** The names in the order that a page has them. */
const headings = ({ text }: { text: string }) =>
  [...text.matchAll(/<a class="name".*?<bdi>(.*?)<\/bdi>/g)].map(([, name]) => name);
/** The numbers above the sections, and the numbers of rows in the sections. */
const sectionsOf = ({ text }: { text: string }) =>
  text
    .split('<tr class="section"')
    .slice(1)
    .map((part) => [
      /<h2 id="(\w+)">/.exec(part)?.[1],
      /<span class="number">(\d+)</.exec(part)?.[1],
      headings({ text: part }),
    ]);
const filtersOf = ({ text }: { text: string }) =>
  [...text.matchAll(/<a class="filter .*?href="(.*?)".*?>(\w+) <span class="number">(\d+)</g)].map(
    ([, href, label, number]) => [label, Number(number), href?.replaceAll("&#38;", "&")],
  );

describe("the requested format", () => {
  test.each([
    [BROWSER.accept, "text/html; charset=utf-8"],
    ["text/html", "text/html; charset=utf-8"],
    ["application/json;q=0.5, text/html", "text/html; charset=utf-8"],
    [undefined, "application/json; charset=utf-8"],
    ["*/*", "application/json; charset=utf-8"],
    ["application/json, text/html", "application/json; charset=utf-8"],
    ["application/*", "application/json; charset=utf-8"],
  ])("%j gets %s", async (accept, type) => {
    const { status, headers } = await server.send("GET", "/", accept === undefined ? {} : { headers: { accept } });
    expect([status, headers["content-type"], headers.vary]).toEqual([200, type, "Accept"]);
  });

  test("any other gets 406", async () => {
    const { status, json, headers } = await server.send("GET", "/", { headers: { accept: "image/png" } });
    expect([status, json.message, headers.vary]).toEqual([
      406,
      expect.stringMatching(/use application\/json or text\/html$/),
      "Accept",
    ]);
  });
});

describe("the list", () => {
  test("is split into parts, sorted by name", async () => {
    await write(...["d", "a", "c", "B"].map((name) => state(name)));
    expect(await list()).toMatchObject({
      jobs: [{ name: "B" }, { name: "a" }, { name: "c" }, { name: "d" }],
      next: null,
    });
    const [first, second, last] = [
      await list("?limit=2"),
      await list("?limit=2&after=a"),
      await list("?limit=2&after=d"),
    ];
    expect([namesOf(first), first.next, namesOf(second), second.next]).toEqual([["B", "a"], "a", ["c", "d"], null]);
    expect(last).toEqual({ jobs: [], next: null });
  });

  test("has 100 jobs by default, and 500 at most", async () => {
    await write(...Array.from({ length: 501 }, (_, at) => state(`job-${String(at).padStart(3, "0")}`)));
    for (const [query, length] of [
      ["", 100],
      ["?limit=500", 500],
      ["?limit=1", 1],
    ] as const) {
      const { jobs, next } = await list(query);
      expect([jobs.length, next]).toEqual([length, jobs.at(-1).name]);
    }
    expect((await list("?limit=500&after=job-499")).next).toBeNull();
  });

  test("ends early if states are large, below the limit of clients", async () => {
    const runs = Array.from({ length: 20 }, (_, at) =>
      run(NOON - at * HOUR, { runUrl: `https://x/${"é".repeat(2000)}` }),
    );
    await write(...Array.from({ length: 60 }, (_, at) => state(`job-${at + 10}`, { history: runs })));
    const names: string[] = [];
    let parts = 0;
    for (let after: string | null = ""; after !== null; parts++) {
      const answer: { text: string; json: { jobs: { name: string }[]; next: string | null } } = await server.send(
        "GET",
        `/?limit=500&after=${after}`,
      );
      expect(Buffer.byteLength(answer.text)).toBeLessThan(2.2 * 1024 * 1024);
      names.push(...namesOf(answer.json));
      after = answer.json.next;
    }
    expect([names, parts]).toEqual([Array.from({ length: 60 }, (_, at) => `job-${at + 10}`), 3]);
  });

  test.each([
    "limit=0",
    "limit=501",
    "limit=1e2",
    "limit=-1",
    "limit=",
    "limit=1&limit=2",
    "name=",
    `after=${"x".repeat(256)}`,
  ])("is refused with %s", async (query) => {
    const { status, json } = await server.send("GET", `/?${query}`);
    expect([status, json.message]).toEqual([400, expect.stringMatching(/^(limit|name|after) .* is not allowed: use /)]);
  });

  test.each(["metrics", "healthcheck", "openapi.json", ".", "..", "a/b?c=d&e#f", "レポ📈", "__proto__"])(
    "contains only %j with that name",
    async (name) => {
      expect(await list(`?name=${encodeURIComponent(name)}`)).toEqual({ jobs: [], next: null });
      await write(state(name), state("other"));
      expect(await list(`?name=${encodeURIComponent(name)}`)).toMatchObject({ jobs: [{ name }], next: null });
    },
  );
});

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

describe("a job with a damaged state document", () => {
  const broken = { ...state("broken"), active: {} } as unknown as JobState;

  test("is listed as damaged, and all other jobs are listed as usual", async () => {
    await write(state("a"), broken, state("report", { active: lock(NOON) }), state("z"));
    expect(await list()).toMatchObject({
      jobs: [{ name: "a" }, { name: "report" }, { name: "z" }],
      damaged: ["broken"],
    });
    expect(await list("?limit=2")).toMatchObject({ jobs: [{ name: "a" }], damaged: ["broken"], next: "broken" });
    expect(await list("?after=broken")).toEqual({ jobs: [{}, {}].map(() => expect.anything()), next: null });
    expect(await list("?name=broken")).toEqual({ jobs: [], damaged: ["broken"], next: null });
    const overview = await page();
    expect(overview.status).toBe(200);
    expect(headings(overview)).toEqual(["broken", "report", "a", "z"]);
    expect(overview.text).toMatch(/<title>1 damaged, 1 running · /);
    expect(await server.metrics()).toContain("cronyx_active_locks 1\n");
  });

  test("cannot start, and its document is not overwritten", async () => {
    await write(broken, state("report"));
    const before = JSON.stringify(await list("?name=broken"));
    expect(await server.start("/broken", { jobInterval: HOUR })).toMatchObject({ status: 500 });
    expect(await server.start("/report", { jobInterval: HOUR, requiredJobNames: ["broken"] })).toMatchObject({
      status: 500,
    });
    for (const end of ["finish", "interrupt", "abandon"]) {
      expect(await server.send("PUT", `/broken/x/${end}`)).toMatchObject({ status: 500 });
    }
    const answer = await page("?name=broken");
    expect(answer).toMatchObject({
      status: 500,
      text: expect.stringContaining("The state document of this job is damaged"),
    });
    expect(server.lines.at(-1)).toMatchObject({
      error: { code: "document-damaged", message: expect.stringContaining('"broken"') },
    });
    expect((await server.send("GET", "/broken")).json.message).toMatch(/^The state document of this job is damaged. /);
    expect(JSON.stringify(await list("?name=broken"))).toBe(before);
    expect(await server.start("/report", { jobInterval: HOUR })).toMatchObject({ json: { isActive: true } });
  });

  test("does not make the server unhealthy", async () => {
    await write({ ...broken, name: "healthcheck" });
    expect(await server.send("GET", "/healthcheck")).toMatchObject({ status: 200, json: { ok: true } });
  });
});

describe("a release", () => {
  const HOLDER = { repository: "octo-org/reports", runId: "7", runUrl: "https://ci.example/7" };
  const release = (id: string, headers: Record<string, string> = OWN_PAGE, name = "report") =>
    server.send("POST", `/?release=${encodeURIComponent(name)}&lock=${id}`, { headers, body: "" });
  const active = async () => (await list("?name=report")).jobs[0].lock;

  test("asks for confirmation, and shows the consequences", async () => {
    const finishedUntil = toIso(NOON - HOUR);
    const held = lock(NOON, HOUR, { id: "one", holder: HOLDER, createdAt: toIso(NOON - HOUR) });
    await write(state("report", { finishedUntil, active: held }));
    const { text } = await page("?release=report");
    const words = wordsOf({ text });
    for (const part of [
      "Release report?",
      "octo-org/reports, run 7",
      "11:00, 1 h ago",
      "The interval 11:00 to 12:00 is granted again, to the next start",
      "it finds its lock gone and fails",
    ]) {
      expect(words).toContain(part);
    }
    expect(text).toContain('<form class="actions" method="post" action="?release=report&#38;lock=one">');
    expect(await active()).toMatchObject({ id: "one" });
  });

  test("of a job that never finished names its first interval, which is granted again", async () => {
    const id = (await server.start("/report", { jobInterval: HOUR })).json.id;
    const says = "The interval 11:00 to 12:00 is granted again, to the next start";
    const words = async (query: string) => wordsOf(await page(query));
    expect(await words("?release=report")).toContain(says);
    const { headers } = await release(id);
    expect(await words(String(headers.location))).toContain(`Released report: ${says.replace("The", "the")}`);
    server.clock.now += MINUTE;
    expect((await server.start("/report", { jobInterval: HOUR })).json.intervalEndedAt).toBe(toIso(NOON));
  });

  test("interrupts only that lock, shows a note, and is logged and counted", async () => {
    await write(state("report", { finishedUntil: toIso(NOON - HOUR), active: lock(NOON, HOUR, { id: "one" }) }));
    const answer = await release("one");
    expect([answer.status, answer.headers.location]).toEqual([303, "?released=report&lock=one"]);
    expect(await active()).toBeNull();
    expect(wordsOf(await page(answer.headers.location))).toContain(
      "Released report: the interval 11:00 to 12:00 is granted again, to the next start.",
    );
    expect(server.lines).toMatchObject([{ msg: "interrupt", job: "report", outcome: "interrupted" }]);
    expect(await server.metrics()).toMatch(/^cronyx_ends_total\{operation="interrupt",outcome="interrupted"\} 1$/m);
    expect((await page("?release=report")).text).toContain("<h1>Nothing to release</h1>");
    expect((await server.start("/report", { jobInterval: HOUR })).json.intervalEndedAt).toBe(toIso(NOON));
  });

  test.each([
    ["finish", "Its run finished at 12:00"],
    ["interrupt", "It was released, or its run was interrupted, at 12:00"],
    ["takeover", "It was taken over at 13:00 by octo-org/reports, run 7"],
  ])("of a lock that ended by %s releases nothing, and says so", async (what, says) => {
    const start = (more = {}) =>
      server.start(
        "/report",
        { jobInterval: HOUR, ...more },
        { "cronyx-holder": encodeURIComponent(JSON.stringify(HOLDER)) },
      );
    const { id } = (await start()).json;
    if (what === "takeover") {
      server.clock.now += HOUR;
      await start({ retryInterval: 0 });
    } else {
      await server.send("PUT", `/report/${id}/${what}`);
      server.clock.now += HOUR;
      await start();
    }
    const now = await active();
    expect(now.id).not.toBe(id);
    const answer = await release(id);
    expect([answer.status, answer.headers.location]).toEqual([303, `?lost=report&lock=${id}`]);
    expect(await active()).toEqual(now);
    const words = wordsOf(await page(answer.headers.location));
    expect(words).toContain("Nothing was released: that lock of report is no longer active.");
    expect(words).toContain(says);
    expect(server.lines.at(-1)).toMatchObject({ msg: "interrupt", outcome: "not-found" });
  });

  test("succeeds once among concurrent requests", async () => {
    await write(state("report", { active: lock(NOON, HOUR, { id: "one" }) }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => release("one")));
    const released = answers.filter(({ headers }) => headers.location?.startsWith("?released="));
    expect([answers.map(({ status }) => status), released.length]).toEqual([Array(10).fill(303), 1]);
  });

  test("cannot be forged by a link", async () => {
    await write(state("report", { active: lock(NOON, HOUR, { id: "one" }), history: [run(NOON)] }));
    for (const query of [
      "released=report&lock=one",
      "lost=report&lock=one",
      "released=never&lock=one",
      "released=report",
    ]) {
      expect((await page(`?${query}`)).text).not.toMatch(/class="sheet note/);
    }
    expect((await page(`?released=report&lock=${run(NOON).id}`)).text).toContain("Nothing was released");
  });

  test.each<[what: string, headers: Record<string, string>]>([
    ["another site's page", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["a neighbour's page", { "sec-fetch-site": "same-site" }],
    ["another origin", { origin: "https://evil.example" }],
    ["no origin", { origin: "null" }],
    ["no browser", {}],
  ])("from %s is refused", async (_, headers) => {
    await write(state("report", { active: lock(NOON, HOUR, { id: "one" }) }));
    const answer = await release("one", headers);
    expect([answer.status, answer.json.message]).toEqual([
      403,
      expect.stringContaining("PUT /{jobName}/{jobId}/interrupt"),
    ]);
    expect(await active()).toMatchObject({ id: "one" });
    expect(server.lines).toMatchObject([{ msg: "interrupt", job: "report", outcome: "forbidden" }]);
    expect((await release("one", { ...BROWSER, ...headers })).text).toContain("<h1>Not allowed</h1>");
  });

  test("over plain HTTP is accepted by its Origin, behind a proxy too", async () => {
    await server.close();
    server = await runServer({ anyHost: true });
    await write(state("report", { active: lock(NOON, HOUR, { id: "one" }) }));
    expect((await release("one", { host: "locks.example", origin: "https://locks.example" })).status).toBe(303);
    expect(await active()).toBeNull();
  });

  test("without a job name is treated as a start without one", async () => {
    const { status, json } = await server.send("POST", "/", { headers: OWN_PAGE });
    expect([status, json]).toEqual([400, undefined]);
    expect((await release("", OWN_PAGE)).status).toBe(400);
  });
});

describe("a skip", () => {
  const LATE = { finishedUntil: toIso(NOON - 3 * HOUR), schedule: HOURLY, history: [run(NOON - 3 * HOUR)] };
  const skip = (until: string, headers: Record<string, string> = OWN_PAGE) =>
    server.send("POST", `/?skip=report&until=${until}`, { headers, body: "" });
  const finishedUntil = async () => (await list("?name=report")).jobs[0].lastFinished?.intervalEndedAt;
  const actions = ({ text }: { text: string }) =>
    [...text.matchAll(/ method="post" action="(.*?)"><button class="danger" type="submit">(.*?)<\/button>/g)].map(
      ([, action, label]) => [action?.replaceAll("&#38;", "&"), label],
    );

  test("asks for confirmation, and offers the next interval or all that are due", async () => {
    await write(state("report", LATE));
    expect((await page("?name=report")).text).toContain('<a class="button" href="?skip=report">Skip…</a>');
    const confirmation = await page("?skip=report");
    expect(actions(confirmation)).toEqual([
      [`?skip=report&until=${encodeURIComponent(toIso(NOON - 2 * HOUR))}`, "Skip the next interval"],
      [`?skip=report&until=${encodeURIComponent(toIso(NOON))}`, "Skip 3 intervals"],
    ]);
    expect(wordsOf(confirmation)).toMatch(/Next interval09:00 to 10:00\nAll that are due09:00 to 12:00: 3 intervals/);
    expect(await finishedUntil()).toBe(LATE.finishedUntil);
  });

  test("names the first intervals of a job that is further behind than it counts", async () => {
    await write(state("report", { ...LATE, finishedUntil: toIso(NOON - 2_000 * HOUR) }));
    const confirmation = await page("?skip=report");
    expect(actions(confirmation)[1]).toEqual([
      `?skip=report&until=${encodeURIComponent(toIso(NOON - 999 * HOUR))}`,
      "Skip the first 1001 intervals",
    ]);
    expect(wordsOf(confirmation)).toContain("The first that are due");
  });

  test("offers one form where one interval is due, and none where none is or a lock is active", async () => {
    await write(
      state("report", { ...LATE, finishedUntil: toIso(NOON - HOUR) }),
      state("done", { ...LATE, finishedUntil: toIso(NOON) }),
      state("running", { ...LATE, active: lock(NOON) }),
      state("old", { finishedUntil: toIso(NOON - HOUR) }),
    );
    expect(actions(await page("?skip=report")).map(([, label]) => label)).toEqual(["Skip the next interval"]);
    for (const [name, why] of [
      ["done", "has no interval that is due"],
      ["running", "has an active lock: release it first"],
      ["old", "has no interval that is due"],
    ]) {
      const answer = await page(`?skip=${name}`);
      expect([actions(answer), wordsOf(answer)]).toEqual([[], expect.stringContaining(`${name} ${why}.`)]);
    }
    expect((await page("?skip=never")).status).toBe(404);
  });

  test("offers the first interval of a job that never finished one", async () => {
    const { id } = (await server.start("/report", { jobInterval: HOUR })).json;
    await server.send("PUT", `/report/${id}/interrupt`);
    expect(wordsOf(await page("?skip=report"))).toContain("Next interval11:00 to 12:00");
    await skip(toIso(NOON));
    expect(await finishedUntil()).toBe(toIso(NOON));
  });

  test("of the intervals on the page is recorded, noted, logged and counted", async () => {
    await write(state("report", LATE));
    expect(headings(await page())).toEqual(["report"]);
    const answer = await skip(toIso(NOON - HOUR));
    expect([answer.status, answer.headers.location]).toEqual([
      303,
      `?skipped=report&until=${encodeURIComponent(toIso(NOON - HOUR))}`,
    ]);
    const after = await page(answer.headers.location);
    expect(wordsOf(after)).toContain("Skipped report: 09:00 to 11:00 will not be run.");
    expect(after.text).toContain('<h2 id="free">Free <span class="number">1</span></h2>');
    expect(server.lines).toMatchObject([{ msg: "skip", job: "report", outcome: "skipped" }]);
    expect(await server.metrics()).toMatch(/^cronyx_ends_total\{operation="skip",outcome="skipped"\} 1$/m);
    // Sent again, as by the browser's reload of the form.
    expect((await skip(toIso(NOON - HOUR))).status).toBe(303);
    expect(await finishedUntil()).toBe(toIso(NOON - HOUR));
  });

  test.each<[what: string, changed: Partial<JobState>, says: string]>([
    ["a run has the lock", { active: lock(NOON - 2 * HOUR) }, "it has finished until 2026-11-24T09:00:00.000Z"],
    ["a run has finished", { finishedUntil: toIso(NOON) }, "it has finished until 2026-11-24T12:00:00.000Z"],
  ])("skips nothing if %s since, and says so", async (_, changed, says) => {
    await write(state("report", { ...LATE, ...changed }));
    const before = await list("?name=report");
    const answer = await skip(toIso(NOON - 2 * HOUR));
    expect(wordsOf(await page(answer.headers.location))).toContain(
      `Nothing was skipped: report has changed since, and ${says}.`,
    );
    expect(await list("?name=report")).toEqual(before);
  });

  test.each<[what: string, headers: Record<string, string>]>([
    ["another site's page", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["no browser", {}],
  ])("from %s is refused", async (_, headers) => {
    await write(state("report", LATE));
    const answer = await skip(toIso(NOON), headers);
    expect([answer.status, answer.json.message]).toEqual([403, expect.stringContaining("PUT /{jobName}/skip")]);
    expect(await finishedUntil()).toBe(LATE.finishedUntil);
    expect(server.lines).toMatchObject([{ msg: "skip", job: "report", outcome: "forbidden" }]);
  });

  test("without an instant is a 400", async () => {
    for (const query of ["skip=report", "skip=report&until=noon", "skip=&until=2026-11-24T12:00:00Z"]) {
      expect((await server.send("POST", `/?${query}`, { headers: OWN_PAGE, body: "" })).status).toBe(400);
    }
  });
});

describe("jobs that require each other", () => {
  test("are listed with the jobs that they wait for, and none of them starts", async () => {
    const names = ["a", "b", "c"];
    const others = (name: string) => names.filter((other) => other !== name);
    for (const name of names) {
      const { id } = (await server.start(`/${name}`, { jobInterval: HOUR })).json;
      await server.send("PUT", `/${name}/${id}/finish`);
    }
    server.clock.now += HOUR;
    for (const name of names) {
      const { records } = await server.store.read([name], deadlineIn(1_000));
      const record = records.get(name);
      if (record === undefined) throw new Error(`${name} was not stored`);
      const changed = { ...record.state, schedule: { ...HOURLY, requiredJobNames: others(name) } };
      await server.store.swap(record.version, changed, deadlineIn(1_000));
    }
    const { jobs } = await list();
    const waiting = { finishedUntil: toIso(NOON), neededUntil: toIso(NOON + HOUR), mutual: true };
    expect(jobs).toMatchObject(
      names.map((name) => ({
        name,
        schedule: { requiredJobNames: others(name) },
        waitingFor: others(name).map((jobName) => ({ jobName, ...waiting })),
      })),
    );
    for (const name of names) {
      const body = { jobInterval: HOUR, requiredJobNames: others(name) };
      expect((await server.start(`/${name}?explain=true`, body)).json).toMatchObject({
        reason: "required-job",
        jobName: others(name)[0],
        mutual: true,
      });
    }
    const words = wordsOf(await page("?name=a"));
    expect(words).toContain("Waiting for b, c\n");
    const mutual = "which has finished until 12:00, and requires this job too: neither can start";
    expect(words).toContain(`Waiting forb, ${mutual}; c, ${mutual}\n`);
  });
});

describe("with authentication", () => {
  test("nothing is shown or released without credentials", async () => {
    await server.close();
    server = await runServer({ schemes: [basicScheme("octo", "password")] });
    await write(state("report", { active: lock(NOON, HOUR, { id: "one" }) }));
    const answer = await page();
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Basic realm="CronyxServer"']);
    expect(answer.text).not.toContain("report");
    const authorization = `Basic ${Buffer.from("octo:password").toString("base64")}`;
    const release = (headers: object) =>
      server.send("POST", "/?release=report&lock=one", { headers: { ...OWN_PAGE, ...headers } });
    expect((await release({})).status).toBe(401);
    expect((await page("", { authorization })).status).toBe(200);
    expect((await release({ authorization })).status).toBe(303);
  });

  test("a token shows and releases only its own jobs", async () => {
    const [key, issuer, clock] = [await newKey("key"), new Issuer(), new Clock()];
    issuer.keys = [key];
    await issuer.listen();
    try {
      const rules = parseOidcRules("OIDC_RULES", '[{"jobs":"report-*","claims":{"repository":"octo-org/*"}}]');
      await server.close();
      server = await runServer({
        clock,
        schemes: [oidcScheme({ issuer: issuer.url, audience: "cronyx", rules }, () => clock.now)],
      });
      await write(
        ...["report-a", "report-b", "payout"].map((name) => state(name, { active: lock(NOON, HOUR, { id: "one" }) })),
      );
      const authorization = `Bearer ${await issuer.token(key, NOON)}`;
      const json = await server.send("GET", "/?limit=1&after=a", { headers: { authorization } });
      expect(json.json).toMatchObject({ jobs: [{ name: "report-a" }], next: "report-a" });
      const answer = await page("", { authorization });
      expect([headings(answer), answer.text.includes("payout")]).toEqual([["report-a", "report-b"], false]);
      for (const query of [
        "?name=payout",
        "?release=payout",
        "?released=payout&lock=one",
        "?name=report-a&release=payout",
      ]) {
        expect((await page(query, { authorization })).status).toBe(403);
      }
      const release = async (name: string) =>
        (await server.send("POST", `/?release=${name}&lock=one`, { headers: { ...OWN_PAGE, authorization } })).status;
      expect([await release("payout"), await release("report-a")]).toEqual([403, 303]);
    } finally {
      await issuer.close();
    }
  });
});
