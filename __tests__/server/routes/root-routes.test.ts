import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { parseOidcRules } from "../../../src/server/auth/oidc-rules.ts";
import { oidcScheme } from "../../../src/server/auth/oidc-scheme.ts";
import { BROWSER, headings, listOf, OWN_PAGE, pageOf, wordsOf, writeTo } from "../../../testing/servers/root-pages.ts";
import { Clock, NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { Issuer, newKey } from "../../../testing/servers/token-issuer.ts";
import { HOURLY, lock, run, state } from "../../../testing/states/states-by-instant.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

const write = (...states: readonly JobState[]) => writeTo(server, states);
const list = (query?: string) => listOf(server, query);
const page = (query?: string, headers?: object) => pageOf(server, query, headers);
const namesOf = ({ jobs }: { jobs: readonly { name: string }[] }) => jobs.map(({ name }) => name);

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
