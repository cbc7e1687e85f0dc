import { createHmac } from "node:crypto";
import { mock } from "node:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { exportSPKI, importJWK, type JWTPayload, SignJWT } from "jose";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, MINUTE, SECOND, toIso } from "../../../src/scheduler/instant.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { matchesAny, parseOidcRules } from "../../../src/server/auth/oidc-rules.ts";
import { oidcScheme } from "../../../src/server/auth/oidc-scheme.ts";
import type { JobRecord } from "../../../src/store/job-store.ts";
import { Clock, NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { Issuer, type Key, newKey } from "../../../testing/servers/token-issuer.ts";
import { HOURLY } from "../../../testing/states/states-by-instant.ts";

const RULES = [
  { jobs: "report-*", claims: { repository: "octo-org/*" } },
  { jobs: ["deploy/**", "release"], claims: { repository: "octo-org/app", ref: ["refs/heads/main", "refs/tags/v*"] } },
  { jobs: "invoice", requires: ["orders/*", "report-x"], claims: { repository: "octo-org/shop" } },
  { jobs: "backfill-*", skip: true, claims: { repository: "octo-org/*" } },
  { jobs: "payout", claims: { repository_owner: "octo-org", environment: "production" } },
];

let key: Key;
let nextKey: Key;
beforeAll(async () => {
  [key, nextKey] = await Promise.all([newKey("first"), newKey("second")]);
});

let issuer: Issuer;
let server: RunningServer;
let clock: Clock;
beforeEach(async () => {
  issuer = new Issuer();
  issuer.keys = [key];
  await issuer.listen();
  clock = new Clock();
  const rules = parseOidcRules("OIDC_RULES", JSON.stringify(RULES));
  const options = { issuer: issuer.url, audience: "cronyx", rules, keyFetchCooldown: 0 };
  const schemes = [basicScheme("octo", "password"), oidcScheme(options, () => clock.now)];
  server = await runServer({ schemes, clock });
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
const startWith = (token: string, path = "/report-daily") => server.start(path, { jobInterval: HOUR }, bearing(token));
const statusWith = async (token: string, path?: string) => (await startWith(token, path)).status;
const token = (claims?: JWTPayload, by = key) => issuer.token(by, NOON, claims);

describe("a token", () => {
  test("that is valid is accepted, and its repository is logged", async () => {
    expect(await startWith(await token())).toMatchObject({ status: 200, json: { name: "report-daily" } });
    expect(await statusWith(await token())).toBe(200);
    expect(issuer.fetches).toBe(1);
    expect(server.lines[0]).toMatchObject({ job: "report-daily", outcome: "started", repository: "octo-org/reports" });
    expect(JSON.stringify(server.lines)).not.toContain("eyJ");
  });

  const at = NOON / SECOND;
  test.each<[what: string, claims: JWTPayload]>([
    ["another audience", { aud: "https://github.com/octo-org" }],
    ["several other audiences", { aud: ["a", "b"] }],
    ["no audience", { aud: undefined }],
    ["another issuer", { iss: "https://token.actions.githubusercontent.com" }],
    ["no issuer", { iss: undefined }],
    ["an end in the past", { exp: at - 60 }],
    ["no end", { exp: undefined }],
    ["a beginning in the future", { nbf: at + 60 }],
    ["an end that is no number", { exp: "never" as never }],
  ] as [string, JWTPayload][])("with %s is not", async (_, claims) => {
    await expectUnauthorized(await token(claims));
  });

  test("is good for several audiences, of which the server is one", async () => {
    expect(await statusWith(await token({ aud: ["https://github.com/octo-org", "cronyx"] }))).toBe(200);
    await expectUnauthorized(await token({ aud: ["cronyx-2", "Cronyx"] }));
  });

  test("may be off by a few seconds, and no more", async () => {
    expect(await statusWith(await token({ nbf: at + 9 }))).toBe(200);
    expect(await statusWith(await token({ exp: at - 9 }))).toBe(200);
    await expectUnauthorized(await token({ nbf: at + 11 }));
    await expectUnauthorized(await token({ exp: at - 11 }));
  });

  test("that contains its own key is not", async () => {
    const stranger = await newKey("stranger");
    const payload = { aud: "cronyx", iss: issuer.url, exp: at + 300, repository: "octo-org/reports" };
    for (const header of [
      { jwk: stranger.published },
      { jku: `${issuer.url}/keys` },
      { kid: key.id, x5u: issuer.url },
    ]) {
      const signed = new SignJWT(payload).setProtectedHeader({ alg: "RS256", ...header });
      await expectUnauthorized(await signed.sign(stranger.privateKey));
    }
    expect(issuer.paths).toEqual(new Set(["/.well-known/jwks"]));
  });

  test("is good until it expires, by the server's clock", async () => {
    const once = await token();
    clock.now = NOON + 4 * MINUTE;
    expect(await statusWith(once)).toBe(200);
    clock.now = NOON + 6 * MINUTE;
    await expectUnauthorized(once);
  });

  test("signed by another key is not", async () => {
    const stranger = await newKey(key.id);
    await expectUnauthorized(await token({}, stranger));
    await expectUnauthorized(await token({}, { ...stranger, id: "unknown" }));
  });

  test("signed in another way is not", async () => {
    const [header, payload] = (await token()).split(".") as [string, string, string];
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const alg of ["none", "None", "", undefined]) await expectUnauthorized(`${encoded({ alg })}.${payload}.`);
    await expectUnauthorized(`${header}.${payload}.`);
    // A token that is signed with the public key as a shared secret.
    const secret = await exportSPKI((await importJWK(key.published, "RS256", { extractable: true })) as never);
    const hs256 = `${encoded({ alg: "HS256", kid: key.id })}.${payload}`;
    await expectUnauthorized(`${hs256}.${createHmac("sha256", secret).update(hs256).digest("base64url")}`);
    const rs512 = new SignJWT({}).setProtectedHeader({ alg: "RS512", kid: key.id });
    const key512 = await importJWK(
      { ...(await import("jose").then((jose) => jose.exportJWK(key.privateKey))) },
      "RS512",
    );
    await expectUnauthorized(
      await rs512
        .setIssuer(issuer.url)
        .setAudience("cronyx")
        .setExpirationTime(at + 60)
        .sign(key512),
    );
  });

  test.each(["x", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9..", "e30.e30.e30", "💥", "é"])("%j is not one", async (text) => {
    await expectUnauthorized(encodeURI(text));
  });

  async function expectUnauthorized(bad: string) {
    const answer = await startWith(bad);
    expect(answer).toMatchObject({
      status: 401,
      json: { message: "The credentials are missing or wrong: use those of a scheme that WWW-Authenticate names" },
    });
    const challenges = answer.rawHeaders.filter((_, at, all) => all[at - 1]?.toLowerCase() === "www-authenticate");
    expect(challenges).toEqual(['Basic realm="CronyxServer"', 'Bearer realm="CronyxServer"']);
  }
});

describe("the issuer's keys", () => {
  test("are rotated: a new one is good at once", async () => {
    expect(await statusWith(await token())).toBe(200);
    issuer.keys = [nextKey];
    expect(await statusWith(await token({}, nextKey))).toBe(200);
    expect(await statusWith(await token())).toBe(401);
  });

  test("are fetched again after ten minutes: a withdrawn key is refused then, even without a replacement", async () => {
    expect(await statusWith(await token())).toBe(200);
    issuer.keys = [];
    expect(await statusWith(await token())).toBe(200);
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 11 * MINUTE });
    try {
      expect(await statusWith(await token())).toBe(401);
    } finally {
      mock.timers.reset();
    }
  });

  test("are fetched again after the clock was set back: a withdrawn key is refused at once", async () => {
    expect(await statusWith(await token())).toBe(200);
    issuer.keys = [nextKey];
    clock.now -= HOUR;
    const earlier = (by: Key) => issuer.token(by, NOON - HOUR);
    expect(await statusWith(await earlier(key))).toBe(401);
    expect(await statusWith(await earlier(nextKey))).toBe(200);
  });

  test("that are unknown do not cause a fetch each", async () => {
    const rules = parseOidcRules("OIDC_RULES", JSON.stringify(RULES));
    const careful = oidcScheme({ issuer: issuer.url, audience: "cronyx", rules }, () => clock.now);
    expect(await careful.check(await token({}, nextKey))).toBeNull();
    // The issuer may have published the key since then, and the keys are fetched again after 30 s at the earliest.
    for (let asked = 0; asked < 5; asked++) {
      await expect(careful.check(await token({}, nextKey))).rejects.toMatchObject({ retryAfter: 30 });
    }
    expect(issuer.fetches).toBe(1);
  });

  test("that are newer than the last fetch are a passing fault: 503 with Retry-After", async () => {
    await server.close();
    const rules = parseOidcRules("OIDC_RULES", JSON.stringify(RULES));
    const scheme = oidcScheme({ issuer: issuer.url, audience: "cronyx", rules }, () => clock.now);
    server = await runServer({ schemes: [scheme], clock });
    expect(await statusWith(await token())).toBe(200);
    issuer.keys = [key, nextKey];
    const early = await startWith(await token({}, nextKey));
    expect(early).toMatchObject({ status: 503, headers: { "retry-after": "30" } });
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 31 * SECOND });
    try {
      expect(await statusWith(await token({}, nextKey))).toBe(200);
    } finally {
      mock.timers.reset();
    }
  });

  test.each(["<html>", "{}", '{"keys":{}}', ""])(
    "that come as %j can't be used: it is worth asking again",
    async (said) => {
      issuer.bodyInstead = said;
      expect(await statusWith(await token())).toBe(503);
    },
  );

  test("that cannot be fetched verify no token, and the answer is 503", async () => {
    const good = await token();
    issuer.status = 500;
    expect(await startWith(good)).toMatchObject({
      status: 503,
      json: { message: "The token cannot be verified now: try again later" },
    });
    expect(server.lines[0]).toMatchObject({ outcome: "unavailable", error: { type: "IssuerUnreachable" } });
    issuer.status = 200;
    expect(await statusWith(good)).toBe(200);
  });

  test("are cached while the issuer is down, and basic authentication does not need the issuer", async () => {
    const good = await token();
    expect(await statusWith(good)).toBe(200);
    await issuer.close();
    expect(await statusWith(good)).toBe(200);
    expect(await statusWith(await token({}, nextKey))).toBe(503);
    const authorization = `Basic ${Buffer.from("octo:password").toString("base64")}`;
    expect((await server.start("/any", { jobInterval: HOUR }, { authorization })).status).toBe(200);
    await issuer.listen();
  });
});

describe("the rules", () => {
  test.each<[job: string, claims: JWTPayload, status: 200 | 403]>([
    ["report-daily", {}, 200],
    ["report-", {}, 200],
    ["report-a%2Fb", {}, 403],
    ["my-report-daily", {}, 403],
    ["report", {}, 403],
    ["Report-daily", {}, 403],
    ["report-daily", { repository: "octo-org-evil/reports" }, 403],
    ["report-daily", { repository: "evil/octo-org" }, 403],
    ["report-daily", { repository: "evil/octo-org/reports" }, 403],
    ["report-daily", { repository: undefined }, 403],
    ["report-daily", { repository: ["octo-org/reports"] }, 403],
    ["deploy%2Feu%2Fwest", { repository: "octo-org/app" }, 200],
    ["release", { repository: "octo-org/app" }, 200],
    ["release", { repository: "octo-org/app", ref: "refs/tags/v1.0" }, 200],
    ["release", { repository: "octo-org/app", ref: "refs/tags/v1/0" }, 403],
    ["release", { repository: "octo-org/app", ref: "refs/heads/mainly" }, 403],
    ["release", { repository: "octo-org/app", ref: "refs/heads/main\nx" }, 403],
    ["release", { repository: "octo-org/application" }, 403],
    ["release", { repository: "octo-org/xapp" }, 403],
    ["payout", {}, 403],
    ["payout", { environment: "production" }, 200],
    ["payout", { environment: "staging" }, 403],
    ["payout", { environment: "production", repository_owner: "evil" }, 403],
    ["anything", {}, 403],
  ] as [string, JWTPayload, 200 | 403][])("%s for %j: %d", async (job, claims, status) => {
    const good = await token(claims);
    expect(await statusWith(good, `/${job}`)).toBe(status);
    const end = await server.send("PUT", `/${job}/x/interrupt`, { headers: bearing(good) });
    const seen = await server.send("GET", `/${job}`, { headers: bearing(good) });
    expect([end.status, seen.status]).toEqual(status === 200 ? [404, 200] : [403, 403]);
  });

  test("of many stars take no long name long", () => {
    const [rule] = parseOidcRules("OIDC_RULES", '[{"jobs":"*-*-*-*-*/**/**x","claims":{"repository":"octo-org/*"}}]');
    // A match that goes back to each star would take centuries.
    expect(matchesAny(rule?.jobs ?? [], `${"-".repeat(8_000)}${"/".repeat(8_000)}`)).toBe(false);
    expect(matchesAny(rule?.jobs ?? [], `${"-".repeat(8_000)}${"/".repeat(8_000)}x`)).toBe(true);
  });

  test.each<[required: string[], status: 200 | 403]>([
    [["orders/eu"], 200],
    [["orders/eu", "report-x", "report-daily"], 200],
    [["orders/eu/west"], 403],
    [["orders/eu", "payout"], 403],
    [["invoice2"], 403],
  ] as [string[], 200 | 403][])(
    "a start that requires %j: %d, so that none tells of others' jobs",
    async (required, status) => {
      const authorization = `Basic ${Buffer.from("octo:password").toString("base64")}`;
      await server.start("/payout", { jobInterval: HOUR }, { authorization });
      const good = await token({ repository: "octo-org/shop" });
      const body = { jobInterval: HOUR, requiredJobNames: required };
      const answer = await server.start("/invoice?explain=true", body, bearing(good));
      expect(answer.status).toBe(status);
      if (status === 200) expect(answer.json).toMatchObject({ reason: "required-job" });
      else {
        expect(answer.json).toEqual({
          message: expect.stringMatching(
            /^requiredJobNames ".*" is not allowed by the token's rules: use jobs that a rule allows/,
          ),
        });
        expect(server.lines.at(-1)).toMatchObject({ job: "invoice", outcome: "forbidden", field: "requiredJobNames" });
      }
      // A rule that lets a job be required does not let it be used.
      expect(await statusWith(good, "/orders%2Feu")).toBe(403);
    },
  );

  test("show each caller its own jobs, and nothing to a caller without jobs", async () => {
    const authorization = `Basic ${Buffer.from("octo:password").toString("base64")}`;
    for (const job of ["report-a", "payout", "secret"]) {
      await server.start(`/${job}`, { jobInterval: HOUR }, { authorization });
    }
    const names = async (headers: Record<string, string>) =>
      (await server.send("GET", "/", { headers })).json.jobs.map(({ name }: { name: string }) => name);
    expect(await names({ authorization })).toEqual(["payout", "report-a", "secret"]);
    expect(await names(bearing(await token()))).toEqual(["report-a"]);
    const stranger = bearing(await token({ repository: "evil/x", repository_owner: "evil" }));
    for (const path of ["/", "/metrics", "/openapi.json"]) {
      expect((await server.send("GET", path, { headers: stranger })).status).toBe(403);
    }
  });
});

const BASIC = { authorization: `Basic ${Buffer.from("octo:password").toString("base64")}` };

describe("a skip", () => {
  const until = toIso(NOON);
  const skip = (job: string, headers: Record<string, string>) =>
    server.send("PUT", `/${job}/skip?until=${until}`, { headers });

  beforeEach(async () => {
    for (const job of ["report-daily", "backfill-daily"]) {
      const { id } = (await server.start(`/${job}`, { jobInterval: HOUR }, BASIC)).json;
      await server.send("PUT", `/${job}/${id}/interrupt`, { headers: BASIC });
    }
  });

  test("needs a rule with skip, or basic authentication", async () => {
    const bearer = bearing(await token());
    expect(await skip("report-daily", bearer)).toMatchObject({
      status: 403,
      json: { message: expect.stringMatching(/^skip is not allowed by the token's rules.*"skip": true$/) },
    });
    expect(server.lines.at(-1)).toMatchObject({ msg: "skip", job: "report-daily", outcome: "forbidden" });
    expect((await skip("payout", bearer)).status).toBe(403);
    expect((await skip("backfill-daily", bearer)).json.lastFinished).toMatchObject({ intervalEndedAt: until });
    expect((await skip("report-daily", {})).status).toBe(401);
    expect((await skip("report-daily", BASIC)).status).toBe(200);
  });

  test("on the page needs the same", async () => {
    const send = async (job: string) =>
      server.send("POST", `/?skip=${job}&until=${until}`, {
        headers: { ...bearing(await token()), "sec-fetch-site": "same-origin" },
      });
    expect((await send("report-daily")).status).toBe(403);
    expect((await send("payout")).status).toBe(403);
    expect((await server.send("GET", "/report-daily", { headers: BASIC })).json.lastFinished).toBeNull();
    expect((await send("backfill-daily")).status).toBe(303);
  });
});

describe("the run in a token's claims", () => {
  const CLAIMS = { run_id: "7", run_attempt: "2" };
  const RUN = { repository: "octo-org/reports", runId: "7", attempt: "2" };
  const holding = (holder: unknown) => ({ "cronyx-holder": encodeURIComponent(JSON.stringify(holder)) });
  const start = async (headers: Record<string, string> = {}, claims: JWTPayload = CLAIMS) =>
    server.start("/report-daily", { jobInterval: HOUR }, { ...bearing(await token(claims)), ...headers });
  const lock = async () => (await server.send("GET", "/report-daily", { headers: BASIC })).json.lock;

  test.each<[what: string, header: Record<string, string>, holder: Record<string, string>]>([
    ["is the holder of a start without one", {}, RUN],
    ["fills in what the header leaves out", holding({ job: "report" }), { ...RUN, job: "report" }],
    ["may be repeated by the header", holding({ ...RUN, job: "report" }), { ...RUN, job: "report" }],
  ])("%s", async (_, header, holder) => {
    await start(header);
    expect((await lock()).holder).toEqual(holder);
  });

  test.each([
    ["repository", "octo-org/other"],
    ["runId", "8"],
    ["attempt", "1"],
  ])("is not contradicted: another %s in the header is a 400", async (field, value) => {
    const claimed = JSON.stringify(RUN[field as keyof typeof RUN]);
    expect(await start(holding({ [field]: value }))).toMatchObject({
      status: 400,
      json: {
        message: `Cronyx-Holder.${field} "${value}" is not that of the token: use ${claimed}, or leave it out`,
      },
    });
    expect((await server.send("GET", "/report-daily", { headers: BASIC })).status).toBe(404);
  });

  test("is the holder of a resume too", async () => {
    const { id } = (await start()).json;
    const headers = bearing(await token({ ...CLAIMS, run_id: "8" }));
    await server.send("PUT", `/report-daily/${id}/interrupt`, { headers });
    const resume = (more = {}) =>
      server.send("PUT", `/report-daily/${id}/resume`, { headers: { ...headers, ...more } });
    expect((await resume(holding(RUN))).status).toBe(400);
    expect((await resume()).status).toBe(200);
    expect((await lock()).holder).toEqual({ ...RUN, runId: "8" });
  });

  test("of which a token has only the repository leaves the rest to the header", async () => {
    await start(holding({ runId: "9" }), {});
    expect((await lock()).holder).toEqual({ repository: "octo-org/reports", runId: "9" });
  });
});

test("a required job that the caller may neither use nor require has no name in a state or on the page", async () => {
  const required = ["orders/eu", "payout"];
  await server.start("/invoice", { jobInterval: HOUR }, BASIC);
  await server.store.read(["invoice"], deadlineIn(1_000)).then(async ({ records }) => {
    const { state, version } = records.get("invoice") as JobRecord;
    const schedule = { ...HOURLY, requiredJobNames: required };
    await server.store.swap(version, { ...state, active: null, schedule }, deadlineIn(1_000));
  });
  const stateOf = async (headers: Record<string, string>) => (await server.send("GET", "/invoice", { headers })).json;
  const bearer = bearing(await token({ repository: "octo-org/shop" }));
  const missing = { finishedUntil: null, neededUntil: null, mutual: false };
  for (const [headers, names] of [
    [BASIC, required],
    [bearer, ["orders/eu", null]],
  ] as const) {
    const state = await stateOf(headers);
    expect(state).toMatchObject({
      schedule: { requiredJobNames: names },
      waitingFor: names.map((jobName) => ({ ...missing, jobName })),
    });
    expect((await server.send("GET", "/?name=invoice", { headers })).json.jobs).toEqual([state]);
  }
  const page = await server.send("GET", "/?name=invoice", { headers: { ...bearer, accept: "text/html" } });
  expect(page.text.replace(/<[^>]+>/g, "")).toContain("Waiting for orders/eu, another job\n");
  expect(page.text).not.toContain("payout");
  // The reader may not open the page of the job that it may require.
  expect(page.text).not.toContain('href="?name=orders');
});
