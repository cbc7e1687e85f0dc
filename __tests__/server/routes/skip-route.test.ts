import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import { NOON, type RunningServer, runServer } from "../../../testing/servers/running-server.ts";

const HOLDER = { repository: "octo-org/reports", runId: "7" };

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
  const { id } = (await start()).json;
  await server.send("PUT", `/report/${id}/finish`);
  server.clock.now += 3 * HOUR;
  server.lines.length = 0;
});
afterEach(() => server.close());

const start = () =>
  server.start("/report", { jobInterval: HOUR }, { "cronyx-holder": encodeURIComponent(JSON.stringify(HOLDER)) });
const skip = (until: string, name = "report") => server.send("PUT", `/${name}/skip?until=${until}`);
const state = async () => (await server.send("GET", "/report")).json;

test("a skip declares intervals done, and answers with the job's state", async () => {
  const answer = await skip(toIso(NOON + 2 * HOUR));
  expect(answer).toMatchObject({
    status: 200,
    json: {
      lastFinished: { intervalEndedAt: toIso(NOON + 2 * HOUR), endedAt: null, runUrl: null },
      skipped: [
        {
          skippedStartedAt: toIso(NOON),
          skippedEndedAt: toIso(NOON + 2 * HOUR),
          recordedAt: toIso(NOON + 3 * HOUR),
        },
      ],
      dueAt: toIso(NOON + 3 * HOUR),
      behind: 0,
      overdue: false,
    },
  });
  expect(answer.json).toEqual(await state());
  expect((await start()).json.intervalStartedAt).toBe(toIso(NOON + 2 * HOUR));
  expect(server.lines[0]).toMatchObject({ msg: "skip", job: "report", outcome: "skipped" });
  expect(await server.metrics()).toMatch(/^cronyx_ends_total\{operation="skip",outcome="skipped"\} 1$/m);
});

test("a repeated skip answers the same, and changes nothing", async () => {
  const first = await skip(toIso(NOON + HOUR));
  server.clock.now += MINUTE;
  expect((await skip(toIso(NOON + HOUR))).json).toEqual(first.json);
});

test("a skip while a lock is active is a 409 that names its holder", async () => {
  await start();
  const before = await state();
  expect(await skip(toIso(NOON + HOUR))).toMatchObject({
    status: 409,
    json: {
      message: 'The job "report" is held, so its intervals cannot be skipped: wait for its run, or interrupt its lock',
      holder: HOLDER,
      since: toIso(NOON + 3 * HOUR),
    },
  });
  expect(await state()).toEqual(before);
});

test.each([
  ["in the future", toIso(NOON + 3 * HOUR + 1), /^until "2026-11-24T15:00:00.001Z" is in the future/],
  [
    "where the job has finished",
    toIso(NOON),
    /^until "2026-11-24T12:00:00.000Z" is not after 2026-11-24T12:00:00.000Z/,
  ],
  ["before that", toIso(NOON - HOUR), /^until "2026-11-24T11:00:00.000Z" is not after 2026-11-24T12:00:00.000Z/],
  ["no instant", "noon", /^until "noon" is not allowed: use an instant/],
  ["no date", "2026-02-30T00:00:00Z", /^until "2026-02-30T00:00:00Z" does not exist: use an instant/],
  ["given twice", `${toIso(NOON + HOUR)}&until=${toIso(NOON + HOUR)}`, /^until .* is not allowed: use an instant/],
  [
    "with something else",
    `${toIso(NOON + HOUR)}&force=true`,
    /^The query contains the unknown field "force": use until only$/,
  ],
])("an until that is %s is a 400, and skips nothing", async (_, until, message) => {
  const before = await state();
  expect(await skip(until)).toMatchObject({ status: 400, json: { message: expect.stringMatching(message) } });
  expect(await state()).toEqual(before);
});

test("a skip without until is a 400", async () => {
  expect(await server.send("PUT", "/report/skip")).toMatchObject({
    status: 400,
    json: { message: expect.stringMatching(/^until is missing: use an instant/) },
  });
});

test("a job named skip has its own ends", async () => {
  const { id } = (await server.start("/skip", { jobInterval: HOUR })).json;
  expect((await server.send("PUT", `/skip/${id}/finish`)).status).toBe(200);
  expect((await skip(toIso(NOON + 3 * HOUR), "skip")).status).toBe(400);
});
