import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations, NOT_STARTED, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
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
      behind: "0",
      "skipped-started-at": "",
      "skipped-ended-at": "",
      "taken-over-from": "",
      "intervals-finished": "",
    });
    expect(held).toEqual({
      id: main.outputs["job-id"],
      intervalStartedAt: main.outputs["job-interval-started-at"],
      intervalEndedAt: main.outputs["job-interval-ended-at"],
      createdAt: main.outputs["job-created-at"],
      updatedAt: main.outputs["job-updated-at"],
      holder: {
        serverUrl: "https://github.com",
        repository: "octo-org/reports",
        runId: "42",
        attempt: "1",
        job: "report",
        runUrl: "https://github.com/octo-org/reports/actions/runs/42/attempts/1",
        kind: "job",
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
    expect(refused.log).toContainEqual(
      `Not started (not-due): ${jobName} is due at ${dueAt}, and a run from then on starts it`,
    );
    const untouched = await repository.refs();
    expect(await again.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect(await repository.refs()).toEqual(untouched);
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
    expect(second.outputs["taken-over-from"]).toBe(
      "octo-org/reports, run 1, job report (https://github.com/octo-org/reports/actions/runs/1/attempts/1)",
    );
    expect(annotations("warning", second)).toEqual([
      `Took over the lock of ${second.outputs["taken-over-from"]}, held since ${first.outputs["job-created-at"]}; if that run still works, both do this interval`,
    ]);
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

const stepHere = (inputs: Record<string, string>, env = runOf("report")) =>
  new StepHere({ url: repository.httpUrl, token: TOKEN, "job-interval": "1 hour", ...inputs }, env);

// What is decided depends neither on the transport nor on a process.
describe("over HTTP", () => {
  const stepOf = (jobName: string, inputs: Record<string, string> = {}) =>
    stepHere({ "job-name": jobName, ...inputs }, runOf("report", "42"));

  test("refused while another run is active: who, since when, and the link to it", async () => {
    const jobName = "active";
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
    expect(never.log.at(-1)).toContain("set retry-interval, or free the lock by hand (docs/locks.md)");

    expect((await step.post("success")).code).toBe(0);
    expect(await repository.state(jobName)).toEqual(held);
  });

  test.each(["failure", "cancelled"])("%s interrupts: the same interval comes again", async (jobName) => {
    const first = stepOf(jobName, { "job-interval": "1 hour" });
    await repository.write(jobName, finishedUntil(jobName, Date.now() - 1.5 * HOUR));
    const granted = await first.main();
    expect(granted.outputs.started).toBe("true");
    expect((await first.post(jobName)).code).toBe(0);
    expect(await repository.state(jobName)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });

    const again = await stepOf(jobName).main();
    expect(again.outputs.started).toBe("true");
    expect(intervalOf(again.outputs)).toEqual(intervalOf(granted.outputs));
    expect(again.outputs["job-id"]).not.toBe(granted.outputs["job-id"]);
  });

  test("a very first run that fails: the same interval comes again, though time has passed", async () => {
    const jobName = "first run fails";
    const inputs = { "job-interval": "0 0 1 1 *" };
    const first = stepOf(jobName, inputs);
    const granted = await first.main();
    expect(granted.outputs.started).toBe("true");
    const post = await first.post("failure");
    expect(post.log.at(-1)).toBe(
      `Interrupted: ${jobName} for ${granted.outputs["job-interval-started-at"]} to ${granted.outputs["job-interval-ended-at"]}, because the job's status is failure; the next start gets the same interval`,
    );
    expect(await repository.state(jobName)).toMatchObject({ finishedUntil: null, active: null });

    const again = stepOf(jobName, inputs);
    const repeated = await again.main();
    expect(intervalOf(repeated.outputs)).toEqual(intervalOf(granted.outputs));
    expect(Date.parse(repeated.outputs["job-created-at"] ?? "")).toBeGreaterThan(
      Date.parse(repeated.outputs["job-interval-ended-at"] ?? ""),
    );
    expect((await again.post("success")).code).toBe(0);
    expect((await repository.state(jobName))?.finishedUntil).toBe(granted.outputs["job-interval-ended-at"]);
  });

  test("a job that fell behind catches up, interval by interval", async () => {
    const jobName = "catch-up";
    const begin = Date.now() - 3.5 * HOUR;
    await repository.write(jobName, finishedUntil(jobName, begin));
    const intervals: unknown[] = [];
    const behind: unknown[] = [];
    for (let run = 0; run < 3; run++) {
      const step = stepOf(jobName);
      const { outputs, log } = await step.main();
      intervals.push(intervalOf(outputs));
      behind.push([outputs.behind, log.find((line) => line.includes("behind"))]);
      await step.post("success");
    }
    const at = (hours: number) => new Date(begin + hours * HOUR).toISOString();
    expect(intervals).toEqual([
      [at(0), at(1)],
      [at(1), at(2)],
      [at(2), at(3)],
    ]);
    expect(behind).toEqual([
      ["2", `${jobName} is behind: 2 further intervals are due`],
      ["1", `${jobName} is behind: 1 further interval is due`],
      ["0", undefined],
    ]);
    expect((await stepOf(jobName).main()).outputs).toMatchObject({ reason: "not-due", "due-at": at(4), behind: "" });
  });

  describe("a job that is three intervals behind", () => {
    const begin = Date.now() - 3.5 * HOUR;
    const at = (hours: number) => new Date(begin + hours * HOUR).toISOString();
    const behind = async (jobName: string) => {
      await repository.write(jobName, finishedUntil(jobName, begin));
      return jobName;
    };

    test("gets one long interval with catch-up: merge, and that again after a failure", async () => {
      const jobName = await behind("merge");
      for (const status of ["failure", "success"]) {
        const step = stepOf(jobName, { "catch-up": "merge" });
        const { outputs } = await step.main();
        expect(intervalOf(outputs)).toEqual([at(0), at(3)]);
        expect(outputs).toMatchObject({ behind: "0", "skipped-started-at": "", "skipped-ended-at": "" });
        const { log } = await step.post(status);
        if (status === "failure") expect(log.at(-1)).toMatch(/gets an interval that starts at the same instant$/);
      }
      expect((await repository.state(jobName))?.finishedUntil).toBe(at(3));
      expect((await stepOf(jobName, { "catch-up": "merge" }).main()).outputs).toMatchObject({ reason: "not-due" });
    });

    test("gets the newest interval with catch-up: latest, and records the older ones as skipped once that is done", async () => {
      const jobName = await behind("latest");
      for (const status of ["failure", "success"]) {
        const step = stepOf(jobName, { "catch-up": "latest" });
        const { outputs, log } = await step.main();
        expect(intervalOf(outputs)).toEqual([at(2), at(3)]);
        expect(outputs).toMatchObject({ behind: "0", "skipped-started-at": at(0), "skipped-ended-at": at(2) });
        expect(log).toContainEqual(
          `catch-up: latest leaves out ${at(0)} to ${at(2)}: no run gets it once this run finishes`,
        );
        const ended = await step.post(status);
        if (status === "failure") expect(ended.log.at(-1)).toMatch(/gets the latest interval that is due by then$/);
        const state = await repository.state(jobName);
        expect(state?.finishedUntil).toBe(status === "success" ? at(3) : at(0));
        expect(state?.skipped ?? []).toHaveLength(status === "success" ? 1 : 0);
      }
      expect((await repository.state(jobName))?.skipped).toMatchObject([
        { skippedStartedAt: at(0), skippedEndedAt: at(2) },
      ]);
    });
  });
});

test("a required job has to have finished up to the interval's end", async () => {
  const now = Date.now();
  await repository.write("orders", finishedUntil("orders", now - 4 * HOUR));
  await repository.write("customers", finishedUntil("customers", now));
  await repository.write("summary", finishedUntil("summary", now - 3 * HOUR));
  const asked = { "job-name": "summary", "required-job-names": "orders\ncustomers" };
  const behind = await stepHere(asked).main();
  expect(behind.code).toBe(0);
  expect(behind.outputs).toEqual({ ...NOT_STARTED, "job-name": "summary", reason: "required-job" });
  const [needed, reached] = [now - 2 * HOUR, now - 4 * HOUR].map((at) => new Date(at).toISOString());
  expect(behind.log.at(-1)).toBe(
    `::notice::Not started (required-job): summary needs orders to have finished until ${needed}, and it has finished until ${reached}; ` +
      "if it never gets there, repair its runs, skip its intervals (docs/recipes.md), or take it out of required-job-names",
  );

  const unknown = await stepHere({ ...asked, "required-job-names": "orders, clients" }).main();
  expect(unknown.log.at(-1)).toBe(
    "::notice::Not started (required-job): summary needs clients to have finished, and it has finished nothing yet; " +
      "check that required-job-names has its exact name, and that its workflow runs",
  );

  await repository.write("orders", finishedUntil("orders", now - 2 * HOUR));
  expect((await stepHere(asked).main()).outputs).toMatchObject({ started: "true", reason: "" });
});

test("two jobs that require each other: the message names the way out", async () => {
  const now = Date.now();
  for (const [name, required] of [
    ["chicken", "egg"],
    ["egg", "chicken"],
  ] as const) {
    const schedule = { jobInterval: HOUR, timezone: "UTC", startBuffer: 0, requiredJobNames: [required] };
    await repository.write(name, { ...finishedUntil(name, now - 2 * HOUR), schedule });
  }
  const { log, outputs } = await stepHere({ "job-name": "chicken", "required-job-names": "egg" }).main();
  expect(outputs.reason).toBe("required-job");
  expect(log.at(-1)).toMatch(
    /; it requires chicken in turn, so neither can start: take one of the two out of required-job-names$/,
  );
});

test("two daily jobs, one of which requires the other, work from nothing and without a start-buffer", async () => {
  // Half a day from now, so that no boundary falls into this test.
  const daily = `0 ${(new Date().getUTCHours() + 12) % 24} * * *`;
  const orders = { "job-name": "daily-orders", "job-interval": daily };
  const summary = { "job-name": "daily-summary", "job-interval": daily, "required-job-names": "daily-orders" };
  const run = async (inputs: Record<string, string>, status = "success") => {
    const step = stepHere(inputs);
    const { outputs } = await step.main();
    if (outputs.started === "true") expect((await step.post(status)).code).toBe(0);
    return outputs;
  };
  /** Moves all that the jobs have done a day into the past, as if a day had gone by. */
  const nextDay = async () => {
    for (const name of ["daily-orders", "daily-summary"]) {
      const text = JSON.stringify(await repository.state(name));
      const earlier = (instant: string) => new Date(Date.parse(instant) - 24 * HOUR).toISOString();
      await repository.write(name, text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, earlier));
    }
  };

  // The first day: the summary has to wait, and then gets just what the orders have finished.
  expect((await run(summary)).reason).toBe("required-job");
  const firstOrders = await run(orders);
  expect(firstOrders.started).toBe("true");
  expect(intervalOf(await run(summary))).toEqual(intervalOf(firstOrders));
  expect((await run(summary)).reason).toBe("not-due");

  // A day is missed: both catch up, in order.
  await nextDay();
  await nextDay();
  const missed = [await run(orders), await run(orders)];
  expect(missed.map(({ behind }) => behind)).toEqual(["1", "0"]);
  const summaries = [await run(summary), await run(summary)];
  expect(summaries.map(intervalOf)).toEqual(missed.map(intervalOf));
  expect([await run(orders), await run(summary)]).toMatchObject([{ reason: "not-due" }, { reason: "not-due" }]);
});

describe("the first interval", () => {
  test("of a cron job runs from the previous instant to now; the next one ends on the next instant", async () => {
    const main = await stepHere({ "job-name": "cron", "job-interval": "0 0 1 1 *", timezone: "Asia/Tokyo" }).main();
    const [start, end] = intervalOf(main.outputs);
    const inTokyo = new Date(Date.parse(main.outputs["job-created-at"] ?? "") + 9 * HOUR);
    expect(start).toBe(new Date(Date.UTC(inTokyo.getUTCFullYear(), 0, 1) - 9 * HOUR).toISOString());
    expect(end).toBe(main.outputs["job-created-at"]);
    expect(main.outputs["job-interval"]).toBe(String(Date.parse(end ?? "") - Date.parse(start ?? "")));
  });

  test("ends a start-buffer ago, and keeps its length", async () => {
    const main = await stepHere({ "job-name": "buffered", "start-buffer": "10 minutes" }).main();
    const end = Date.parse(main.outputs["job-created-at"] ?? "") - HOUR / 6;
    expect(intervalOf(main.outputs)).toEqual([end - HOUR, end].map((at) => new Date(at).toISOString()));
  });

  test("is due at once with a start-buffer that is longer than the interval", async () => {
    const main = await stepHere({ "job-name": "all buffer", "start-buffer": "2 hours" }).main();
    const end = Date.parse(main.outputs["job-created-at"] ?? "") - 2 * HOUR;
    expect(intervalOf(main.outputs)).toEqual([end - HOUR, end].map((at) => new Date(at).toISOString()));
  });

  test("starts at starts-at, whole, and comes again as it was after a failure", async () => {
    const inputs = {
      "job-name": "begins",
      "job-interval": "@daily",
      "starts-at": "2026-11-01",
      timezone: "Asia/Tokyo",
    };
    const step = stepHere(inputs);
    const main = await step.main();
    expect(intervalOf(main.outputs)).toEqual(["2026-10-31T15:00:00.000Z", "2026-11-01T15:00:00.000Z"]);
    expect(Number(main.outputs.behind)).toBeGreaterThan(20);
    await step.post("failure");
    const again = stepHere(inputs);
    expect(intervalOf((await again.main()).outputs)).toEqual(intervalOf(main.outputs));
    await again.post("success");
    // From then on starts-at is ignored.
    const next = await stepHere({ ...inputs, "starts-at": "2020-01-01" }).main();
    expect(intervalOf(next.outputs)).toEqual(["2026-11-01T15:00:00.000Z", "2026-11-02T15:00:00.000Z"]);
  });

  test("that starts at an instant to come is not due, and the message names starts-at", async () => {
    const startsAt = new Date(Date.now() + HOUR).toISOString();
    const main = await stepHere({ "job-name": "to come", "starts-at": startsAt }).main();
    const dueAt = new Date(Date.parse(startsAt) + HOUR).toISOString();
    expect(main).toMatchObject({ code: 0, outputs: { reason: "not-due", "due-at": dueAt } });
    expect(main.log.at(-1)).toBe(
      `Not started (not-due): to come is due at ${dueAt}, and a run from then on starts it; starts-at, ${startsAt}, is where its ` +
        "first interval starts, and must be the same in every run; once that interval is finished, starts-at is ignored",
    );
  });
});

describe("no-lock", () => {
  test("decides as usual, and writes nothing", async () => {
    await repository.write("free", finishedUntil("free", Date.now() - 1.5 * HOUR));
    const before = await repository.refs();
    const step = stepHere({ "job-name": "free", "no-lock": "true" });
    const main = await step.main();
    expect(main.outputs).toMatchObject({ started: "true", "job-id": "", "job-interval": "3600000" });
    expect(Object.keys(main.outputs)).toEqual(Object.keys(NOT_STARTED));
    expect(main.state).toEqual(NOTHING_TO_END);
    expect(await step.post("success")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
    expect(await repository.refs()).toEqual(before);

    await repository.write("held", heldSince("held", Date.now() - HOUR));
    expect((await stepHere({ "job-name": "held", "no-lock": "true" }).main()).outputs.reason).toBe("active");
  });

  test("with a chosen interval sends no request, whatever the job's state", async () => {
    await repository.write("chosen", heldSince("chosen", Date.now() - HOUR));
    const asked = repository.exchanges.length;
    const inputs = { "job-name": "chosen", "no-lock": "true", "job-interval": "P1D" };
    const main = await stepHere({ ...inputs, "job-interval-started-at": "2026-02-01T09:00:00+09:00" }).main();
    expect(main.outputs).toMatchObject({ started: "true", "job-id": "", "job-interval": "86400000" });
    expect(intervalOf(main.outputs)).toEqual(["2026-02-01T00:00:00.000Z", "2026-02-02T00:00:00.000Z"]);

    const start = Date.now() + HOUR;
    const soon = new Date(start).toISOString();
    const dueAt = new Date(start + 1).toISOString();
    const early = await stepHere({ ...inputs, "job-interval-started-at": soon }).main();
    expect(early.outputs).toMatchObject({ started: "false", reason: "not-due", "due-at": dueAt });
    const cut = await stepHere({ ...inputs, "job-interval-started-at": ago(HOUR) }).main();
    expect(cut.outputs).toMatchObject({ started: "true", "job-interval-ended-at": cut.outputs["job-created-at"] });
    expect(repository.exchanges).toHaveLength(asked);
  });
});

test("a start asks three times, an end once", async () => {
  await repository.write("counted", finishedUntil("counted", Date.now() - 2 * HOUR));
  const from = repository.exchanges.length;
  const step = repository.step({ token: TOKEN, "job-name": "counted" });
  await step.main();
  expect(repository.exchanges.slice(from).map(({ command }) => command)).toEqual(["ls-refs", "fetch", "push"]);
  await step.post("success");
  expect(repository.exchanges.slice(from + 3).map(({ command }) => command)).toEqual(["push"]);
});

function intervalOf(outputs: Record<string, string>) {
  return [outputs["job-interval-started-at"], outputs["job-interval-ended-at"]];
}
