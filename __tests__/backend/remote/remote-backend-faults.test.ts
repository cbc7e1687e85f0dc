import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import { toIso } from "../../../src/scheduler/instant.ts";
import {
  asked,
  claim,
  HOURLY,
  inTime,
  JOB,
  NOON,
  once,
  remotePlace,
  sentenceOf,
  started,
} from "../../../testing/backends/remote-place.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { lossOn } from "../../../testing/errors/lost-lock.ts";
import { ExplainingServer } from "../../../testing/servers/explaining-server.ts";
import { OriginalServer, type ServerFault } from "../../../testing/servers/original-server.ts";

const place = remotePlace();
let server: OriginalServer;
let backend: RemoteBackend;

beforeEach(async () => {
  server = await place.serve(OriginalServer);
  backend = await place.connect(server.url);
});

const LOST: [what: string, fault: ServerFault][] = [
  ["cut after it was done", { cut: "after" }],
  ["cut within its answer", { cut: "within" }],
];
const NEVER_CAME: [what: string, fault: ServerFault][] = [
  ["cut before it was done", { cut: "before" }],
  ...[408, 425, 429, 500, 502, 503, 504].map((status): [string, ServerFault] => [`answered ${status}`, { status }]),
];

describe.each([
  ["an original server", OriginalServer],
  ["a server that explains itself", ExplainingServer],
])("faults, with %s", (_, kind) => {
  beforeEach(async () => {
    server = await place.serve(kind);
    backend = await place.connect(server.url);
  });

  test.each(NEVER_CAME)("a start that is %s is sent again, with the same key", async (_, fault) => {
    once(server, /^POST/, fault);
    await started(backend);
    const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(place.log).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ .*; trying again in .* left\)$/)]);
  });

  test.each(LOST)("a start that is %s holds one lock, or is an error", async (_, fault) => {
    once(server, /^POST/, fault);
    const call = claim();
    if (kind === ExplainingServer) {
      expect((await started(backend, call)).id).toBe(call.lockId);
    } else {
      const error = await sentenceOf(backend.start(HOURLY, call, inTime()));
      expect(error).toMatchObject({ code: "start-unsettled", effect: "possible" });
      expect(actionMessage(error)).toMatch(
        /the answer to an earlier attempt was lost, so that attempt may have taken the lock: set retry-interval/,
      );
    }
    expect(asked(server).filter((request) => request.startsWith("POST"))).toHaveLength(2);
    expect((await server.state(kind === ExplainingServer ? JOB : encodeURIComponent(JOB)))?.active).not.toBeNull();
  });

  test.each(LOST)("a start without lock that is %s leaves nothing open", async (_, fault) => {
    await started(backend);
    once(server, /^POST/, fault);
    const answer = await backend.start({ ...HOURLY, noLock: true }, claim(), inTime());
    expect(answer).toMatchObject({ started: false, reason: kind === ExplainingServer ? "active" : "unknown" });
  });

  test.each([...NEVER_CAME, ...LOST])("a finish that is %s is done, once", async (_, fault) => {
    const lock = await started(backend);
    once(server, /finish$/, fault);
    await backend.finish(lock, inTime());
    const state = await server.state(kind === ExplainingServer ? JOB : encodeURIComponent(JOB));
    expect(state).toMatchObject({ active: null, finishedUntil: toIso(NOON) });
  });

  test.each([429, 408])("an end that is answered %i first, and then 404, has lost its lock", async (status) => {
    const lock = await started(backend);
    await backend.interrupt(lock, inTime());
    once(server, /finish$/, { status });
    expect(await lossOn(backend.finish(lock, inTime()))).toHaveProperty(
      "ending",
      kind === ExplainingServer ? "interrupted" : "unknown",
    );
  });
});

describe("patience", () => {
  test("ends at once when Retry-After is beyond the deadline", async () => {
    server.fault = () => ({ status: 503, headers: { "retry-after": "3600" } });
    const error = await sentenceOf(backend.start(HOURLY, claim(), inTime()));
    expect(error).toMatchObject({ code: "unreachable", effect: "possible" });
    expect(actionMessage(error)).toMatch(/ answered 503: check the input url and the network/);
    expect(asked(server)).toHaveLength(1);
  });

  test("waits as long as Retry-After says", async () => {
    server.fault = () => ({ status: 429, headers: { "retry-after": "30" } });
    const { deadline, pass } = endingDeadline();
    const start = sentenceOf(backend.start(HOURLY, claim(), deadline));
    while (place.log.length === 0) await nextTurn();
    expect(place.log).toEqual([expect.stringContaining("; trying again in 30 s (attempt 2")]);
    pass();
    await start;
    expect(asked(server)).toHaveLength(1);
  });

  test("ends at the deadline", async () => {
    const { deadline, pass } = endingDeadline();
    server.fault = () => {
      pass();
      return { after: new Promise(() => {}) };
    };
    expect(await sentenceOf(backend.start(HOURLY, claim(), deadline))).toMatchObject({ effect: "possible" });
  });

  test("covers a server that is not there, and then the effect is none", async () => {
    await place.close(server);
    const { deadline, pass } = endingDeadline();
    const start = sentenceOf(backend.start(HOURLY, claim(), deadline));
    while (place.log.length < 2) await nextTurn();
    pass();
    const error = await start;
    expect(error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(error.message).toMatch(/ECONNREFUSED/);
  });
});
