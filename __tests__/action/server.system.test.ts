import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startJob } from "../../src/action/start-job.ts";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";
import { runOf, Step, type StepResult } from "../../testing/action/runner.mjs";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { ExplainingServer } from "../../testing/servers/explaining-server.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";

const DIST = path.resolve(import.meta.dirname, "../../dist");
const JOB = "nightly / report";
const PASSWORD = "hunter2-hunter2";

let folder: string;
let original: OriginalServer;
let ours: ExplainingServer;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-action-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
beforeEach(async () => {
  original = await new OriginalServer().listen();
  ours = await new ExplainingServer().listen();
});
afterEach(() => Promise.all([original.close(), ours.close()]));

const step = (server: OriginalServer, inputs: InputTexts = {}, env = {}) =>
  new Step({
    dist: DIST,
    temporary: folder,
    inputs: { url: server.url, "job-name": JOB, "job-interval": "1 hour", token: "ghs_token", ...inputs },
    env: { ...runOf("report", "4711"), ...env },
  });

const keptOf = (server: OriginalServer) => server.state(server === ours ? JOB : encodeURIComponent(JOB));

describe.each(["original", "our own"])("with an %s server", (kind) => {
  let server: OriginalServer;
  beforeEach(() => {
    server = kind === "original" ? original : ours;
  });

  test("a run that goes well finishes its interval, and the repository's token stays here", async () => {
    const run = step(server);
    const main = await run.main();
    expect(main).toMatchObject({ code: 0, outputs: { started: "true", reason: "", "job-name": JOB } });
    const held = (await keptOf(server))?.active;
    expect(main.outputs["job-id"]).toBe(held?.id);
    expect(main.state).toMatchObject({ started: "true", lockId: held?.id, location: server.url });

    const refused = await step(server).main();
    const reason = kind === "original" ? "unknown" : "active";
    expect(refused).toMatchObject({
      code: 0,
      outputs: { started: "false", reason },
      state: refusedAt(server),
    });
    expect(refused.log.at(-1)).toMatch(
      kind === "original"
        ? /^Not started \(unknown\): the server does not say whether/
        : /is held by octo-org\/reports, run 4711, job report \(https:\/\/github\.com\/octo-org\/reports\/actions\/runs\/4711/,
    );

    const post = await run.post("success");
    expect(post).toMatchObject({
      code: 0,
      log: [
        "::add-mask::ghs_token",
        `Finished: ${JOB} for ${main.outputs["job-interval-started-at"]} to ${main.outputs["job-interval-ended-at"]}`,
      ],
    });
    expect(await keptOf(server)).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
    for (const { headers } of server.requests) expect(headers).not.toHaveProperty("authorization");
    expect(JSON.stringify(server.requests)).not.toContain("ghs_token");
  });

  test("a run that fails gives its interval back", async () => {
    const run = step(server);
    await run.main();
    expect((await run.post("failure")).code).toBe(0);
    expect(await keptOf(server)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });
  });

  test("a run whose lock was ended by another fails, and says so", async () => {
    const run = step(server);
    const { outputs } = await run.main();
    // An original server keeps the lock's id at a takeover: only an end makes it another one.
    if (kind === "original") {
      const ended = `${server.url}/${encodeURIComponent(JOB)}/${outputs["job-id"]}/interrupt`;
      expect((await fetch(ended, { method: "PUT" })).status).toBe(200);
    }
    await step(server, { "retry-interval": "0" }).main();
    const post = await run.post("success");
    expect(post.code).toBe(1);
    expect(annotations("error", post)[0]).toMatch(
      kind === "original"
        ? /is gone without a trace, and this step did not end it: a push with --mirror/
        : /was taken over at .* by octo-org\/reports, run 4711/,
    );
  });

  test("a second post, after one whose answer was lost", async () => {
    const run = step(server);
    await run.main();
    expect((await run.post("success")).code).toBe(0);
    const again = await run.post("success");
    // An original server does not show how a lock ended.
    expect(again.code).toBe(kind === "original" ? 1 : 0);
    expect(again.log.at(-1)).toMatch(
      kind === "original"
        ? /is gone without a trace, and this step did not end it/
        : /^Finished: .*, as an earlier request recorded at /,
    );
  });

  test("a url that leads elsewhere by the time of post: the server gets nothing", async () => {
    const run = step(server);
    await run.main();
    const asked = server.requests.length;
    run.inputs = { ...run.inputs, url: "https://locks.invalid" };
    const post = await run.post("success");
    expect(annotations("error", post)).toEqual([expect.stringContaining(`took its lock, "${server.url}", so nothing`)]);
    expect(server.requests).toHaveLength(asked);
  });

  test("a password is masked, and left nowhere", async () => {
    server.login = `me:${PASSWORD}`;
    const run = step(server, { username: "me", password: PASSWORD });
    const results = [await run.main(), await run.post("success")];
    for (const { code, log } of results) {
      expect(code).toBe(0);
      expect(log.filter((line) => line.includes(PASSWORD))).toEqual([`::add-mask::${PASSWORD}`]);
      expect(log).toContain(`::add-mask::${Buffer.from(`me:${PASSWORD}`).toString("base64")}`);
    }
    expectNowhere(run, PASSWORD, ...results);
  });
});

/** The state of a step that was refused: it may have the job's name, but no lock. */
function refusedAt(server: OriginalServer) {
  return { ...NOTHING_TO_END, location: server.url, jobName: JOB };
}

function expectNowhere({ folder }: Step, secret: string, ...results: StepResult[]): void {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(folder, name))
    .filter((name) => statSync(name).isFile());
  expect(files.length).toBeGreaterThanOrEqual(5);
  const encoded = Buffer.from(`me:${secret}`).toString("base64");
  const left = [
    ...files.map((name) => readFileSync(name, "latin1")),
    ...results.map(({ log, ...rest }) =>
      JSON.stringify([log.filter((line) => !line.startsWith("::add-mask::")), rest]),
    ),
  ].join("\n");
  for (const text of [secret, encoded]) expect(left).not.toContain(text);
}

describe("a main that is killed", () => {
  test.each([
    ["while its start is on its way", true, "Abandoned"],
    ["while its answer is on its way", false, "Interrupted"],
  ])("%s leaves no lock on our own server", async (_, isLate, done) => {
    const run = step(ours);
    let arrive = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    ours.fault = ({ method, path }) => {
      if (method !== "POST" || !path.startsWith("/nightly")) return undefined;
      if (!isLate) return { cut: "after" };
      run.process?.kill("SIGKILL");
      return { after: arrival };
    };
    const main = run.main();
    if (!isLate) {
      while (!ours.requests[0]?.settled) await pause(5);
      run.process?.kill("SIGKILL");
    }
    expect((await main).code).toBeNull();
    const post = await run.post("cancelled");
    expect(post.code).toBe(0);
    expect(post.log.at(-1)).toMatch(new RegExp(`^${done}: `));
    arrive();
    while (ours.requests.some(({ settled }) => !settled)) await pause(10);
    expect((await keptOf(ours))?.active).toBeNull();
    ours.fault = () => undefined;
    expect((await step(ours).main()).outputs.started).toBe("true");
  });

  test.each([
    [
      "",
      1,
      /^.* cannot give up the start of .*, being an original CronyxServer .* if it was taken, stays, and without a retry-interval no start takes it over/,
    ],
    [
      "1 hour",
      0,
      /^.* cannot give up the start of .* if it was taken, stays until a start takes it over by retry-interval/,
    ],
  ])("says so where an original server can't help, with retry-interval: %j", async (retryInterval, code, says) => {
    const run = step(original, { "retry-interval": retryInterval });
    original.fault = ({ method }) => {
      if (method === "POST") run.process?.kill("SIGKILL");
      return undefined;
    };
    await run.main();
    original.fault = () => undefined;
    const post = await run.post("cancelled");
    expect(post.code).toBe(code);
    expect(annotations(code === 1 ? "error" : "warning", post)).toEqual([expect.stringMatching(says)]);
  });
});

test("catch-up at an original server, which grants another interval than that: an error that says so, and no lock", async () => {
  const main = await step(original, { "catch-up": "latest" }).main();
  expect(main).toMatchObject({ code: 1, outputs: {} });
  expect(annotations("error", main)[0]).toMatch(/: update that server, or leave starts-at and catch-up out$/);
  expect(await keptOf(original)).toMatchObject({ active: null });
});

test("a start whose answer was lost by an original server fails, and names the remedy", async () => {
  original.fault = () => (original.requests.length === 1 ? { cut: "after" } : undefined);
  const main = await step(original).main();
  expect(main).toMatchObject({ code: 1, outputs: {} });
  expect(annotations("error", main)[0]).toMatch(
    /may have taken the lock: set retry-interval, so that a later start takes the lock over/,
  );
});

describe("GitHub's OIDC token", () => {
  const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl";
  let issuer: http.Server;
  let requests: { url: string; authorization: string | undefined }[];
  let answers: (() => [status: number, body: string])[];
  beforeEach(async () => {
    requests = [];
    answers = [];
    issuer = http.createServer(({ url = "", headers: { authorization } }, response) => {
      requests.push({ url, authorization });
      const [status, body] = answers.shift()?.() ?? [200, JSON.stringify({ value: TOKEN })];
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    issuer.closeAllConnections();
    issuer.close();
  });
  const env = () => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
  });
  const inputs = { "oidc-audience": "https://locks.example.com" };

  test("is asked for by main and by post, sent along, masked, and left nowhere", async () => {
    answers = [() => [503, ""]];
    const run = step(ours, inputs, env());
    const results = [await run.main(), await run.post("success")];
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(requests).toEqual(
      Array(4).fill({
        url: "/token?api-version=2.0&audience=https%3A%2F%2Flocks.example.com",
        authorization: "Bearer request-token",
      }),
    );
    expect(ours.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(`Bearer ${TOKEN}`));
    for (const { log } of results) expect(log).toContain(`::add-mask::${TOKEN}`);
    for (const secret of [TOKEN, "request-token"]) expectNowhere(run, secret, ...results);
  });

  test("that can't be had is an error that names the permission, and nothing is asked of the server", async () => {
    const run = step(ours, inputs);
    const main = await run.main();
    expect(annotations("error", main)).toEqual([expect.stringContaining('add "permissions: id-token: write"')]);
    expect(await run.post("failure")).toMatchObject({ code: 0 });
    answers = [() => [200, "<html>"]];
    const refused = await step(ours, inputs, env()).main();
    expect(annotations("error", refused)[0]).toMatch(
      /GitHub's issuer of OIDC tokens answered 200 without a token: check the input oidc-audience/,
    );
    expect(ours.requests).toEqual([]);
  });
});

describe("plain http", () => {
  test.each([
    ["http://locks.invalid", 1],
    ["http://127.0.0.1:1", 0],
    ["http://localhost:1", 0],
    ["http://[::1]:1", 0],
  ])("%s warns %i times", async (url, warnings) => {
    const inputs = { url, "job-name": JOB, "job-interval": "1 hour", "job-status": "success" };
    const { toolkit, errors, log } = toolkitWith(inputs);
    await startJob(surroundingsOf(toolkit, 50));
    expect(errors).toHaveLength(1);
    expect(
      log.filter((line) => line.includes("is plain http, so others on the way can read the credentials")),
    ).toHaveLength(warnings);
  });
});
