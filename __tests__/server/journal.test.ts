import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import { type RunningServer, runServer } from "./running-server.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
});
afterEach(() => server.close());

test("each start, end and refusal is one line, and counted", async () => {
  const runUrl = "https://github.com/octo-org/reports/actions/runs/7";
  const headers = { "cronyx-holder": encodeURIComponent(JSON.stringify({ runUrl })), "idempotency-key": "key of 7" };
  await server.start("/report", { jobInterval: HOUR }, headers);
  await server.start("/report", { jobInterval: HOUR });
  await server.start("/report", { jobInterval: "the body's text" });
  await server.start("/report", { jobInterval: -4242 });
  server.clock.now += MINUTE;
  const { id } = (await server.start("/report", { jobInterval: HOUR, retryInterval: MINUTE })).json;
  await server.send("PUT", "/report/gone/interrupt");
  expect(await server.metrics()).toMatch(/^cronyx_active_locks 1$/m);
  await server.send("PUT", `/report/${id}/finish`);
  await server.send("GET", "/report");
  await server.send("GET", "/healthcheck");

  const told = {
    job: "report",
    ms: expect.any(Number),
    level: 30,
    time: expect.any(Number),
    reqId: expect.any(String),
  };
  expect(server.lines).toEqual([
    { ...told, msg: "start", outcome: "started", runUrl },
    { ...told, msg: "start", outcome: "active" },
    { ...told, msg: "start", outcome: "bad-request" },
    { ...told, msg: "start", outcome: "bad-request", field: "jobInterval" },
    { ...told, msg: "start", outcome: "started", takeover: true },
    { ...told, msg: "interrupt", outcome: "not-found" },
    { ...told, msg: "finish", outcome: "finished" },
  ]);
  expect(JSON.stringify(server.lines)).not.toMatch(/4242|the body|key of/);

  const metrics = await server.metrics();
  for (const line of [
    'cronyx_starts_total{outcome="started"} 2',
    'cronyx_starts_total{outcome="active"} 1',
    'cronyx_starts_total{outcome="bad-request"} 2',
    'cronyx_ends_total{operation="interrupt",outcome="not-found"} 1',
    'cronyx_ends_total{operation="finish",outcome="finished"} 1',
    "cronyx_takeovers_total 1",
    'cronyx_request_duration_seconds_count{operation="start"} 5',
    // Counted at most every 15 seconds, since it reads every job.
    "cronyx_active_locks 1",
  ]) {
    expect(metrics.split("\n")).toContain(line);
  }
  server.clock.now += MINUTE;
  expect(await server.metrics()).toMatch(/^cronyx_active_locks 0$/m);
});
