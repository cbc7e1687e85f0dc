import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { BROWSER, headings, listOf, OWN_PAGE, pageOf, wordsOf, writeTo } from "../../../testing/servers/root-pages.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { HOURLY, lock, run, state } from "../../../testing/states/states-by-instant.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

const write = (...states: readonly JobState[]) => writeTo(server, states);
const list = (query?: string) => listOf(server, query);
const page = (query?: string, headers?: object) => pageOf(server, query, headers);

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
