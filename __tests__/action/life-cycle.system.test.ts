import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf } from "../../testing/action/runner.mjs";
import { annotations, NOT_STARTED, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";

let repository: LocksRepository;
beforeAll(async () => {
  repository = await LocksRepository.serve({ token: TOKEN });
});
afterAll(() => repository.close());

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

describe.each(["git+http:", "git+file:"])("over %s", (protocol) => {
  const jobNamed = (name: string) => `${name} over ${protocol}`;
  const stepOf = (jobName: string, inputs: Record<string, string> = {}, env = runOf("report", "42")) => {
    const url = protocol === "git+http:" ? repository.httpUrl : repository.fileUrl;
    return repository.step({ url, token: TOKEN, "job-name": jobName, ...inputs }, env);
  };

  test("start, finish, not due", async () => {
    const jobName = jobNamed("plain");
    const before = Date.now();
    const step = stepOf(jobName, { "job-interval": "90 minutes" });
    const main = await step.main();
    expect(main.code).toBe(0);
    const held = (await repository.state(jobName))?.active;
    expect(main.outputs).toEqual({
      started: "true",
      reason: "",
      "job-id": expect.stringMatching(UUID),
      "job-name": jobName,
      "job-interval": "5400000",
      "job-interval-started-at": expect.stringMatching(ISO),
      "job-interval-ended-at": expect.stringMatching(ISO),
      "job-created-at": expect.stringMatching(ISO),
      "job-updated-at": expect.stringMatching(ISO),
      "due-at": "",
    });
    expect(held).toEqual({
      id: main.outputs["job-id"],
      intervalStartedAt: main.outputs["job-interval-started-at"],
      intervalEndedAt: main.outputs["job-interval-ended-at"],
      createdAt: main.outputs["job-created-at"],
      updatedAt: main.outputs["job-updated-at"],
      holder: {
        repository: "octo-org/reports",
        runId: "42",
        attempt: "1",
        job: "report",
        runUrl: "https://github.com/octo-org/reports/actions/runs/42/attempts/1",
      },
      idempotencyKey: null,
    });
    const end = Date.parse(main.outputs["job-interval-ended-at"] ?? "");
    expect(end).toBeGreaterThanOrEqual(before);
    expect(end).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(main.outputs["job-interval-started-at"] ?? "")).toBe(end - 5_400_000);

    const post = await step.post("success");
    expect(post).toMatchObject({ code: 0, outputs: {} });
    expect(await repository.state(jobName)).toMatchObject({
      finishedUntil: main.outputs["job-interval-ended-at"],
      active: null,
      history: [{ id: main.outputs["job-id"], outcome: "finished" }],
    });

    const again = stepOf(jobName, { "job-interval": "90 minutes" });
    const refused = await again.main();
    expect(refused.code).toBe(0);
    const dueAt = new Date(end + 5_400_000).toISOString();
    expect(refused.outputs).toEqual({ ...NOT_STARTED, "job-name": jobName, reason: "not-due", "due-at": dueAt });
    expect(refused.log).toContainEqual(`Not started (not-due): ${jobName} is due at ${dueAt}`);
    const untouched = await repository.refs();
    expect(await again.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect(await repository.refs()).toEqual(untouched);
  });

  test("refused while another run is active: who, since when, and the link to it", async () => {
    const jobName = jobNamed("active");
    await repository.write(jobName, heldSince(jobName, Date.now() - HOUR));
    const held = await repository.state(jobName);
    const step = stepOf(jobName, { "retry-interval": "1 day" });
    const main = await step.main();
    expect(main.code).toBe(0);
    const since = Date.parse(held?.active?.createdAt ?? "");
    const retryAt = new Date(since + 24 * HOUR).toISOString();
    expect(main.outputs).toEqual({ ...NOT_STARTED, "job-name": jobName, reason: "active", "due-at": retryAt });
    const [line = ""] = main.log.filter((text) => text.startsWith("Not started (active): "));
    for (const part of [
      jobName,
      OTHER_RUN.repository,
      OTHER_RUN.runId,
      OTHER_RUN.runUrl,
      held?.active?.createdAt,
      retryAt,
    ]) {
      expect(line).toContain(part);
    }
    const never = await stepOf(jobName).main();
    expect(never.outputs).toMatchObject({ reason: "active", "due-at": "" });

    expect((await step.post("success")).code).toBe(0);
    expect(await repository.state(jobName)).toEqual(held);
  });

  test.each(["failure", "cancelled"])("%s interrupts: the same interval comes again", async (status) => {
    const jobName = jobNamed(status);
    const first = stepOf(jobName, { "job-interval": "1 hour" });
    await repository.write(jobName, finishedUntil(jobName, Date.now() - 1.5 * HOUR));
    const granted = await first.main();
    expect(granted.outputs.started).toBe("true");
    expect((await first.post(status)).code).toBe(0);
    expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });

    const again = await stepOf(jobName).main();
    expect(again.outputs.started).toBe("true");
    expect(intervalOf(again.outputs)).toEqual(intervalOf(granted.outputs));
    expect(again.outputs["job-id"]).not.toBe(granted.outputs["job-id"]);
  });

  test("a job that fell behind catches up, interval by interval", async () => {
    const jobName = jobNamed("catch-up");
    const begin = Date.now() - 3.5 * HOUR;
    await repository.write(jobName, finishedUntil(jobName, begin));
    const intervals: unknown[] = [];
    for (let run = 0; run < 3; run++) {
      const step = stepOf(jobName);
      intervals.push(intervalOf((await step.main()).outputs));
      await step.post("success");
    }
    const at = (hours: number) => new Date(begin + hours * HOUR).toISOString();
    expect(intervals).toEqual([
      [at(0), at(1)],
      [at(1), at(2)],
      [at(2), at(3)],
    ]);
    expect((await stepOf(jobName).main()).outputs).toMatchObject({ reason: "not-due", "due-at": at(4) });
  });

  test("takeover: the old run's post fails and says by whom, the new one keeps its lock", async () => {
    const jobName = jobNamed("takeover");
    const old = stepOf(jobName, {}, runOf("report", "1"));
    const first = await old.main();
    expect(first.outputs.started).toBe("true");
    const taking = stepOf(jobName, { "retry-interval": "0" }, runOf("report", "2"));
    const second = await taking.main();
    expect(second.outputs.started).toBe("true");
    expect(intervalOf(second.outputs)).toEqual(intervalOf(first.outputs));
    const held = await repository.refs();

    const late = await old.post("success");
    expect(late.code).toBe(1);
    const [error, ...others] = annotations("error", late);
    expect(others).toEqual([]);
    expect(error).toContain(`taken over at ${second.outputs["job-created-at"]}`);
    expect(error).toContain("https://github.com/octo-org/reports/actions/runs/2/attempts/1");
    expect(await repository.refs()).toEqual(held);

    expect((await taking.post("success")).code).toBe(0);
    expect(await repository.state(jobName)).toMatchObject({
      finishedUntil: second.outputs["job-interval-ended-at"],
      active: null,
      history: [{ outcome: "finished" }, { outcome: "taken-over" }],
    });
  });
});

const stepOf = (inputs: Record<string, string>) => repository.step({ token: TOKEN, ...inputs });

test("a required job has to have finished up to the interval's end", async () => {
  await repository.write("orders", finishedUntil("orders", Date.now() - 4 * HOUR));
  await repository.write("summary", finishedUntil("summary", Date.now() - 3 * HOUR));
  const asked = { "job-name": "summary", "required-job-names": "orders\ncustomers" };
  const unfulfilled = await stepOf(asked).main();
  expect(unfulfilled.code).toBe(0);
  expect(unfulfilled.outputs).toEqual({ ...NOT_STARTED, "job-name": "summary", reason: "required-job" });
  expect(unfulfilled.log.at(-1)).toMatch(
    /^Not started \(required-job\): summary needs orders to have finished until .*Z, and it has finished until/,
  );

  await repository.write("orders", finishedUntil("orders", Date.now() - 2 * HOUR + 60_000));
  expect((await stepOf(asked).main()).log.at(-1)).toMatch(/summary needs customers .* and it has finished nothing yet/);

  await repository.write("customers", finishedUntil("customers", Date.now()));
  expect((await stepOf(asked).main()).outputs).toMatchObject({ started: "true", reason: "" });
});

describe("the first interval", () => {
  test("of a cron job runs from the previous instant to now; the next one ends on the next instant", async () => {
    const main = await stepOf({ "job-name": "cron", "job-interval": "0 0 1 1 *", timezone: "Asia/Tokyo" }).main();
    const [start, end] = intervalOf(main.outputs);
    const inTokyo = new Date(Date.parse(main.outputs["job-created-at"] ?? "") + 9 * HOUR);
    expect(start).toBe(new Date(Date.UTC(inTokyo.getUTCFullYear(), 0, 1) - 9 * HOUR).toISOString());
    expect(end).toBe(main.outputs["job-created-at"]);
    expect(main.outputs["job-interval"]).toBe(String(Date.parse(end ?? "") - Date.parse(start ?? "")));
  });

  test("ends a start-buffer ago", async () => {
    const main = await stepOf({
      "job-name": "buffered",
      "job-interval": "1 hour",
      "start-buffer": "10 minutes",
    }).main();
    const now = Date.parse(main.outputs["job-created-at"] ?? "");
    expect(intervalOf(main.outputs)).toEqual([now - HOUR, now - HOUR / 6].map((at) => new Date(at).toISOString()));
    expect(main.outputs["job-interval"]).toBe("3000000");
  });

  test("is not due when the start-buffer leaves nothing of it", async () => {
    const main = await stepOf({ "job-name": "all buffer", "start-buffer": "2 hours" }).main();
    expect(main).toMatchObject({ code: 0, outputs: { started: "false", reason: "not-due", "due-at": "" } });
    expect(await repository.state("all buffer")).toBeNull();
  });
});

describe("no-lock", () => {
  test("decides as usual, and writes nothing", async () => {
    await repository.write("free", finishedUntil("free", Date.now() - 1.5 * HOUR));
    const before = await repository.refs();
    const step = stepOf({ "job-name": "free", "no-lock": "true" });
    const main = await step.main();
    expect(main.outputs).toMatchObject({ started: "true", "job-id": "", "job-interval": "3600000" });
    expect(Object.keys(main.outputs)).toEqual(Object.keys(NOT_STARTED));
    expect(main.state).toEqual(NOTHING_TO_END);
    expect(await step.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect(await repository.refs()).toEqual(before);

    await repository.write("held", heldSince("held", Date.now() - HOUR));
    expect((await stepOf({ "job-name": "held", "no-lock": "true" }).main()).outputs.reason).toBe("active");
  });

  test("with an interval of one's own choice asks nobody, whatever the job's state", async () => {
    await repository.write("chosen", heldSince("chosen", Date.now() - HOUR));
    const asked = repository.exchanges.length;
    const inputs = { "job-name": "chosen", "no-lock": "true", "job-interval": "P1D" };
    const main = await stepOf({ ...inputs, "job-interval-started-at": "2026-02-01T09:00:00+09:00" }).main();
    expect(main.outputs).toMatchObject({ started: "true", "job-id": "", "job-interval": "86400000" });
    expect(intervalOf(main.outputs)).toEqual(["2026-02-01T00:00:00.000Z", "2026-02-02T00:00:00.000Z"]);

    const soon = new Date(Date.now() + HOUR).toISOString();
    const early = await stepOf({ ...inputs, "job-interval-started-at": soon }).main();
    expect(early.outputs).toMatchObject({ started: "false", reason: "not-due", "due-at": soon });
    const cut = await stepOf({ ...inputs, "job-interval-started-at": ago(HOUR) }).main();
    expect(cut.outputs).toMatchObject({ started: "true", "job-interval-ended-at": cut.outputs["job-created-at"] });
    expect(repository.exchanges).toHaveLength(asked);
  });
});

test("a start asks three times, an end once", async () => {
  await repository.write("counted", finishedUntil("counted", Date.now() - 2 * HOUR));
  const from = repository.exchanges.length;
  const step = stepOf({ "job-name": "counted" });
  await step.main();
  expect(repository.exchanges.slice(from).map(({ command }) => command)).toEqual(["ls-refs", "fetch", "push"]);
  await step.post("success");
  expect(repository.exchanges.slice(from + 3).map(({ command }) => command)).toEqual(["push"]);
});

function intervalOf(outputs: Record<string, string>) {
  return [outputs["job-interval-started-at"], outputs["job-interval-ended-at"]];
}
