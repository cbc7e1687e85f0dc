import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { HeldLock, Started } from "../../../src/backend/job-backend.ts";
import type { RemoteBackend } from "../../../src/backend/remote/remote-backend.ts";
import { ArgumentError } from "../../../src/errors/argument-error.ts";
import { HOUR, toIso } from "../../../src/scheduler/instant.ts";
import {
  asked,
  claim,
  HOLDER,
  HOURLY,
  inTime,
  JOB,
  NOON,
  remotePlace,
  sentenceOf,
  started,
} from "../../../testing/backends/remote-place.ts";
import { lossOn } from "../../../testing/errors/lost-lock.ts";
import { OriginalServer } from "../../../testing/servers/original-server.ts";

const place = remotePlace();
let server: OriginalServer;
let backend: RemoteBackend;

beforeEach(async () => {
  server = await place.serve(OriginalServer);
  backend = await place.connect(server.url);
});

describe("with an original server", () => {
  test("a start is granted and finished under the name in the request", async () => {
    const answer = await backend.start(HOURLY, claim(), inTime());
    const id = (answer as Started).lock?.id;
    expect(answer).toEqual({
      started: true,
      jobName: JOB,
      intervalStartedAt: NOON - HOUR,
      intervalEndedAt: NOON,
      createdAt: NOON,
      updatedAt: NOON,
      lock: { jobName: JOB, id: expect.stringMatching(/^[0-9a-f-]{36}$/), record: null },
      behind: null,
      skipped: null,
      takenOver: null,
    });
    await backend.finish((answer as Started).lock as HeldLock, inTime());
    expect(asked(server)).toEqual([`POST /${JOB}?explain=true`, `PUT /${JOB}/${id}/finish`]);
    expect((await server.state(encodeURIComponent(JOB)))?.finishedUntil).toBe(toIso(NOON));
  });

  test("the body has only fields that it takes, and the additions are in headers", async () => {
    const request = {
      ...HOURLY,
      jobInterval: { hours: 1 },
      startBuffer: 1_000,
      retryInterval: { minutes: 5 },
      requiredJobNames: ["other"],
      timezone: "Europe/London",
    };
    const { jobName: _, ...body } = request;
    const own = claim();
    await backend.start(request, own, inTime());
    await backend.start(HOURLY, claim({ idempotencyKey: "key/of:mine" }), inTime());
    const [first, second] = server.requests.filter(({ method }) => method === "POST");
    expect(JSON.parse(first?.body ?? "")).toEqual(body);
    expect(JSON.parse(second?.body ?? "")).toEqual({ jobInterval: HOUR });
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
      "idempotency-key": own.idempotencyKey,
      "cronyx-holder": encodeURIComponent(JSON.stringify(HOLDER)),
    });
    expect(first?.headers).not.toHaveProperty("authorization");
    expect(second?.headers["idempotency-key"]).toBe("key/of:mine");
  });

  test("a refusal has no reason", async () => {
    await started(backend);
    expect(await backend.start(HOURLY, claim(), inTime())).toEqual({ started: false, reason: "unknown" });
  });

  test("a start without lock has no id, and chooses its interval", async () => {
    const jobIntervalStartedAt = NOON - 5 * HOUR;
    const answer = await backend.start({ ...HOURLY, noLock: true, jobIntervalStartedAt }, claim(), inTime());
    expect(answer).toMatchObject({ started: true, intervalStartedAt: jobIntervalStartedAt, lock: null });
    expect(JSON.parse(server.requests[0]?.body ?? "")).toMatchObject({
      noLock: true,
      jobIntervalStartedAt: toIso(NOON - 5 * HOUR),
    });
  });

  test("an interrupt frees the interval; an end that comes too late has lost the lock", async () => {
    const lock = await started(backend);
    await backend.interrupt(lock, inTime());
    const again = await started(backend);
    expect(await lossOn(backend.finish(lock, inTime()))).toEqual({ ending: "unknown" });
    await backend.finish(again, inTime());
  });

  test("a call that it does not have is an error", async () => {
    const lock = { jobName: JOB, id: randomUUID(), record: null };
    const abandoning = await sentenceOf(backend.abandon(lock, inTime()));
    expect(abandoning).toMatchObject({ code: "original-server", effect: "possible" });
    expect(actionMessage(abandoning)).toMatch(
      /cannot give up the start of "report .*", being an original CronyxServer \(404\), so its lock may stay until .*: set retry-interval/,
    );
    for (const call of [() => backend.status(JOB, inTime()), () => backend.states(inTime())]) {
      const error = await sentenceOf(call());
      expect(error).toMatchObject({ code: "original-server", effect: "none" });
      expect(error.message).toMatch(/does not show its jobs, being an original CronyxServer \(404\)/);
    }
  });

  test("a path before its routes, and a slash at the end, are part of its address", async () => {
    for (const end of ["", "/", "//"]) {
      await sentenceOf((await place.connect(`${server.url}/team/locks${end}`)).start(HOURLY, claim(), inTime()));
    }
    expect(asked(server)).toEqual(Array(3).fill(`POST /team/locks/${JOB}?explain=true`));
  });

  test("a wrong request is an error before anything is sent", async () => {
    let taking = false;
    const beforeTaking = () => {
      taking = true;
    };
    for (const request of [
      { ...HOURLY, jobInterval: "0 0 31 2 *" },
      { ...HOURLY, timezone: "Mars/Olympus" },
      { ...HOURLY, jobName: ".." },
    ]) {
      const start = backend.start(request, claim({ beforeTaking }), inTime());
      await expect(start).rejects.toThrow(ArgumentError);
    }
    expect([asked(server), taking]).toEqual([[], false]);
  });
});
