import { beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import type { Credentials } from "../../../src/backend/remote/server-connection.ts";
import { HOUR, toIso } from "../../../src/scheduler/instant.ts";
import {
  asked,
  claim,
  HOURLY,
  inTime,
  NOON,
  once,
  remotePlace,
  sentenceOf,
  started,
} from "../../../testing/backends/remote-place.ts";
import { OriginalServer, type ServerFault } from "../../../testing/servers/original-server.ts";

const place = remotePlace();
let server: OriginalServer;
let backend: RemoteBackend;

beforeEach(async () => {
  server = await place.serve(OriginalServer);
  backend = await place.connect(server.url);
});

describe("each error has a sentence of its own", () => {
  const html = { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html><p>Log in" };
  const jsonly = { status: 200, headers: { "content-type": "application/json" } };
  const JOBLIKE = { id: "1", name: "x", intervalStartedAt: toIso(NOON - HOUR), intervalEndedAt: toIso(NOON) };
  const ERRORS: [what: string, fault: ServerFault, code: string, says: RegExp][] = [
    ["401", { status: 401 }, "login-missing", /asks for credentials \(401\): set the inputs username and password/],
    [
      "403",
      { status: 403, headers: jsonly.headers, body: '{"message":"This repository may not start it."}' },
      "rules-forbid",
      /does not allow this \(403: This repository may not start it\): let the server's rules allow/,
    ],
    [
      "404",
      { status: 404, body: "NOT_FOUND" },
      "not-a-server",
      /does not answer as a CronyxServer \(it answered 404 to a start\)/,
    ],
    [
      "a page",
      html,
      "not-a-server",
      /does not answer as a CronyxServer \(its answer is text\/html, not JSON\): check the input url/,
    ],
    ["nothing known", { status: 200, body: "OK" }, "not-a-server", /its answer is of no content type, not JSON/],
    ["a list", { ...jsonly, body: "[]" }, "not-a-server", /its answer is \[\], not an object/],
    ["another JSON", { ...jsonly, body: '{"ok":true}' }, "not-a-server", /id is missing, not a non-empty string/],
    [
      "half a job",
      { ...jsonly, body: JSON.stringify(JOBLIKE) },
      "not-a-server",
      /createdAt is missing, not an instant/,
    ],
    [
      "a lock without id",
      { ...jsonly, body: JSON.stringify({ ...JOBLIKE, id: null }) },
      "not-a-server",
      /id is null, not a non-empty string/,
    ],
    [
      "a refusal of it",
      { ...jsonly, status: 413, body: '{"message":"Too long"}' },
      "request-refused",
      /refused the request \(413: Too long\)/,
    ],
    ["another status", { status: 418 }, "not-a-server", /does not answer as a CronyxServer \(it answered 418\)/],
    ["a redirect to nowhere", { status: 302 }, "not-a-server", /does not answer as a CronyxServer \(it answered 302\)/],
    [
      "a redirect that leaves http",
      { status: 307, headers: { location: "file:///etc/passwd" } },
      "redirected",
      /redirects to file:\/\/\/etc\/passwd, which gets neither request nor credentials: set the input url/,
    ],
  ];
  test.each(ERRORS)("%s", async (_, fault, code, says) => {
    server.fault = () => fault;
    const error = await sentenceOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code, effect: code === "not-a-server" ? "possible" : "none" });
    expect(actionMessage(error)).toMatch(says);
    expect(error.message.startsWith(server.url)).toBe(true);
    expect(asked(server)).toHaveLength(1);
  });

  test("an end that meets with a page is not taken for done, nor for lost", async () => {
    const lock = await started(backend);
    for (const fault of [html, { ...html, status: 404 }]) {
      server.fault = () => fault;
      expect(await sentenceOf(backend.finish(lock, inTime()))).toMatchObject({ code: "not-a-server" });
    }
  });

  test("a refusal after an answer that was lost leaves open what the first try did", async () => {
    server.fault = () => (server.requests.length === 1 ? { cut: "after" } : { status: 401 });
    expect(await sentenceOf(backend.start(HOURLY, claim(), inTime()))).toMatchObject({
      code: "login-missing",
      effect: "possible",
    });
  });
});

describe("credentials", () => {
  const basic: Credentials = { kind: "basic", username: "mé", password: "pa ß" };

  test("a login is sent, and a wrong one refused", async () => {
    server.login = "mé:pa ß";
    await started(await place.connect(server.url, basic));
    const wrong = await place.connect(server.url, { ...basic, password: "hunter2" });
    const error = await sentenceOf(wrong.start(HOURLY, claim(), inTime()));
    expect(error.message).toMatch(/refused the username and password \(401\)/);
    expect(JSON.stringify([error.message, place.log])).not.toContain("hunter2");
  });

  test("each call requests a new token", async () => {
    let tokens = 0;
    const backend = await place.connect(server.url, { kind: "bearer", token: async () => `token-${++tokens}` });
    await backend.finish(await started(backend), inTime());
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
    server.fault = () => ({ status: 401 });
    const error = await sentenceOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "bearer-token-refused" });
    expect(actionMessage(error)).toMatch(/refused the token \(401\): set the input oidc-audience/);
  });

  test("stay with the server that they are for, as does the request", async () => {
    const elsewhere = await place.serve(OriginalServer);
    server.fault = () => ({ status: 307, headers: { location: `${elsewhere.url}/report` } });
    const error = await sentenceOf((await place.connect(server.url, basic)).start(HOURLY, claim(), inTime()));
    expect(error.message).toContain(`redirects to ${elsewhere.url}, which gets neither request nor credentials`);
    expect(elsewhere.requests).toEqual([]);
  });

  test("go along when a server redirects to itself", async () => {
    once(server, /^POST/, { status: 308, headers: { location: "/moved" } });
    await started(await place.connect(server.url, basic));
    const [first, second] = server.requests;
    expect(second).toMatchObject({ method: "POST", path: "/moved", body: first?.body });
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
  });
});

describe("a TLS failure has the code of its cause, and is not tried again", () => {
  test("a port that speaks no TLS", async () => {
    const backend = await place.connect(server.url.replace("http:", "https:"));
    const error = await sentenceOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "tls-failed", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /made no TLS connection \(E\w+\): check that the port in the input url is one for https/,
    );
    expect(place.log).toEqual([]);
  });
});
