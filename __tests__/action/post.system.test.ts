import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { endJob } from "../../src/action/end-job.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { surroundingsOf, toolkitWith } from "../../testing/action/recording-toolkit.ts";
import { runOf, type Step } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { endingDeadline } from "../../testing/clock/ending-deadline.ts";
import type { GitExchange, GitFault } from "../../testing/git/git-server.mjs";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const NOTHING_DONE = { code: 0, log: ["This step holds no lock: nothing to end"], outputs: {} };

/** A server that is away beyond the deadline, so that the step ends at once. */
const AWAY: GitFault = { status: 503, headers: { "retry-after": "3600" } };

let repository: LocksRepository;
let fault: (exchange: GitExchange) => GitFault | undefined;
beforeAll(async () => {
  repository = await LocksRepository.serve({ fault: (exchange) => fault(exchange) });
});
beforeEach(() => {
  fault = () => undefined;
});
afterAll(() => repository.close());

/** A step in this process, whose main was granted the job. */
async function started(jobName: string, inputs: Record<string, string> = {}): Promise<StepHere> {
  const own = { url: repository.httpUrl, "job-interval": "1 hour", "job-name": jobName };
  const step = new StepHere({ ...own, ...inputs }, runOf("report"));
  expect((await step.main()).outputs.started).toBe("true");
  return step;
}

describe("a step that holds no lock ends none", () => {
  const OTHERS = heldSince("others", Date.now() - HOUR);
  beforeAll(() => repository.write("others", OTHERS));

  /** The state in a job's `env:` that would make a step end the lock of another run. */
  const forged = () => ({
    ...runOf("report"),
    STATE_location: repository.httpUrl,
    STATE_jobName: "others",
    STATE_lockId: OTHERS.active?.id ?? "",
    STATE_started: "true",
    STATE_willBeTakenOver: "true",
    STATE_record: "null",
  });

  const MAINS: { main: string; inputs: Record<string, string>; code: number; answer?: GitFault }[] = [
    { main: "is refused since the job is active", inputs: { "job-name": "others" }, code: 0 },
    { main: "is refused since the job is not due", inputs: { "job-name": "done" }, code: 0 },
    { main: "waits for a required job", inputs: { "job-name": "waiting", "required-job-names": "never" }, code: 0 },
    { main: "takes no lock", inputs: { "job-name": "free", "no-lock": "true" }, code: 0 },
    { main: "has a wrong input", inputs: { "job-name": "others", "job-interval": "never" }, code: 1 },
    { main: "has no job name", inputs: { "job-name": "" }, code: 1 },
    { main: "has a wrong url", inputs: { "job-name": "others", url: "octo-org/locks" }, code: 1 },
    { main: "is refused by the repository", inputs: { "job-name": "refused" }, code: 1, answer: { status: 401 } },
    { main: "can't reach the repository", inputs: { "job-name": "away" }, code: 1, answer: AWAY },
  ];
  test.each(MAINS)(
    "main $main: it saves every key of the state, so no forged one counts",
    async ({ inputs, code, answer }) => {
      await repository.write("done", finishedUntil("done", Date.now()));
      const before = await repository.refs();
      const step = repository.step(inputs, forged());
      fault = () => answer;
      const main = await step.main();
      fault = () => undefined;
      expect(main.code).toBe(code);
      expect(main.state).toEqual(NOTHING_TO_END);
      const asked = repository.exchanges.length;
      expect(await step.post("success")).toMatchObject(NOTHING_DONE);
      expect(repository.exchanges).toHaveLength(asked);
      expect(await repository.refs()).toEqual(before);
    },
  );

  test("main that may not write (403) has taken nothing", async () => {
    const step = repository.step({ "job-name": "read-only" });
    fault = ({ command }) => (command === "push" ? { status: 403 } : undefined);
    const main = await step.main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringContaining("permissions: contents: write")]);
    expect(main.state).toMatchObject({ lockId: "", started: "false", record: "null" });
    expect(await step.post("failure")).toMatchObject(NOTHING_DONE);
  });

  test("main never ran", async () => {
    expect(await repository.step({ "job-name": "others" }).post("cancelled")).toMatchObject(NOTHING_DONE);
    expect(await repository.state("others")).toEqual(OTHERS);
  });
});

describe("post sends nothing where its url leads to another place than main's", () => {
  const expectNothingSent = async (step: Pick<Step, "post">, other: LocksRepository, says: string[]) => {
    const [here, there] = [repository.exchanges.length, other.exchanges.length];
    const post = await step.post("success");
    expect([repository.exchanges.length, other.exchanges.length]).toEqual([here, there]);
    expect(post.code).toBe(1);
    const [error = "", ...more] = annotations("error", post);
    expect(more).toEqual([]);
    for (const part of ["url", "nothing was sent", "retry-interval: 0", ...says]) expect(error).toContain(part);
  };

  test("a state that main never wrote, from the job's env:", async () => {
    const other = await LocksRepository.serve();
    for (const key of ["STATE_location", "STATE_url"]) {
      const forged = {
        [key]: other.httpUrl,
        STATE_jobName: "others",
        STATE_lockId: "91b47077-d501-41ab-b407-8ef897670f0a",
        STATE_started: "true",
        STATE_willBeTakenOver: "false",
        STATE_record: "null",
      };
      const step = repository.step({ "job-name": "others", token: "ghs_token" }, { ...runOf("report"), ...forged });
      await expectNothingSent(step, other, [
        repository.httpUrl,
        key === "STATE_url" ? "which its state does not name" : other.httpUrl,
      ]);
    }
    await other.close();
  });

  test("an input that is another one by then", async () => {
    const other = await LocksRepository.serve();
    const step = await started("moved");
    step.inputs = { ...step.inputs, url: other.httpUrl };
    await expectNothingSent(step, other, [repository.httpUrl, other.httpUrl, "keep the input url the same"]);
    await other.close();
  });

  test("but not where only its form differs", async () => {
    const step = await started("same place");
    step.inputs = { ...step.inputs, url: `${repository.httpUrl.toUpperCase().replace("/LOCKS.GIT", "/%6Cocks.git")}/` };
    expect((await step.post("success")).code).toBe(0);
    expect((await repository.state("same place"))?.active).toBeNull();
  });
});

test("a deadline that is wrong by then does not keep post from ending the lock", async () => {
  const step = await started("other deadline");
  step.inputs = { ...step.inputs, deadline: "soon" };
  const post = await step.post("success");
  expect(annotations("warning", post)).toEqual([expect.stringContaining('deadline "soon"')]);
  expect(post.code).toBe(0);
});

test.each(["main", "post"] as const)(
  "the input deadline ends the attempts of %s, and each wait says what is left",
  async (part) => {
    const step = repository.step({ "job-name": `late ${part}`, deadline: "2 seconds" });
    if (part === "post") await step.main();
    fault = () => ({ status: 503 });
    const result = await (part === "main" ? step.main() : step.post("success"));
    fault = () => undefined;
    expect(result.code).toBe(1);
    const waits = result.log.filter((line) => line.includes("trying again"));
    expect(waits.length).toBeGreaterThan(0);
    for (const [at, line] of waits.entries()) {
      expect(line).toMatch(new RegExp(`503; trying again in \\d\\.\\d s \\(attempt ${at + 2}, [012]\\.\\d s left\\)$`));
    }
  },
);

test.each(["success", "failure"])("a second post after one whose answer was lost is done (%s)", async (status) => {
  const jobName = `twice, ${status}`;
  const step = await started(jobName);
  expect((await step.post(status)).code).toBe(0);
  const ended = await repository.refs();
  const again = await step.post(status);
  expect(again.code).toBe(0);
  expect(again.log.at(-1)).toMatch(
    status === "success" ? /^Finished: .* as an earlier request recorded/ : /^Interrupted: .* as an earlier request/,
  );
  expect(await repository.refs()).toEqual(ended);
});

test("a token that expired while the job ran: post says how long tokens last", async () => {
  const step = await started("expired", { token: "ghs_token" });
  fault = () => ({ status: 401 });
  const post = await step.post("success");
  fault = () => undefined;
  const [error] = annotations("error", post);
  for (const part of ["401", "an app's installation token lasts an hour", "24 hours", "docs/recipes.md"]) {
    expect(error).toContain(part);
  }
});

describe("a lost lock is an error, and the lock of another run stays", () => {
  test.each([
    ["taken over", "retry-interval"],
    ["forgotten: its history doesn't tell", "gone"],
  ])("%s", async (what, expected) => {
    const jobName = `lost, ${what}`;
    const step = await started(jobName);
    const { active } = (await repository.state(jobName)) ?? {};
    const held = heldSince(jobName, Date.now());
    const history =
      what === "taken over" && active
        ? [{ ...active, outcome: "taken-over", endedAt: active.createdAt, runUrl: null }]
        : [];
    await repository.write(jobName, { ...held, history });
    for (const status of ["success", "cancelled"]) {
      const post = await step.post(status);
      expect(post.code).toBe(1);
      expect(annotations("error", post)).toEqual([expect.stringContaining(expected)]);
    }
    expect((await repository.state(jobName))?.active).toEqual(held.active);
  });

  test.each([
    ["failure", "success"],
    ["success", "cancelled"],
  ])("ended by another hand (%s) before this one (%s)", async (others, status) => {
    const jobName = `ended by another hand: ${others}`;
    const step = await started(jobName);
    const twin = new StepHere(step.inputs, runOf("report"));
    twin.state = { ...step.state };
    expect((await twin.post(others)).code).toBe(0);
    const ended = await repository.refs();
    const post = await step.post(status);
    expect(post.code).toBe(1);
    expect(annotations("error", post)).toEqual([expect.stringContaining("by another caller, and not by this step")]);
    expect(await repository.refs()).toEqual(ended);
  });

  test("the ref was deleted", async () => {
    const step = await started("deleted");
    const [, ref = ""] = (await repository.refs()).find((line) => line.includes("deleted"))?.split(" ") ?? [];
    await repository.git(["update-ref", "-d", ref]);
    const post = await step.post("success");
    expect(post.code).toBe(1);
    expect(annotations("error", post)).toEqual([expect.stringContaining("is gone")]);
    expect(await repository.state("deleted")).toBeNull();
  });

  test("an id that no lock has, as in a forged state", async () => {
    await repository.write("made up", heldSince("made up", Date.now()));
    const before = await repository.refs();
    const step = repository.step({ "job-name": "made up" });
    step.state = { ...NOTHING_TO_END, location: repository.httpUrl, jobName: "made up", lockId: "0", started: "true" };
    expect((await step.post("success")).code).toBe(1);
    expect(await repository.refs()).toEqual(before);
  });
});

describe("a repository that can't be used when the job ends", () => {
  const BY_HAND = "to free it by hand, run the job once with retry-interval: 0";
  const ENDS: { status: string; retryInterval: string; shown: "error" | "warning"; says: string }[] = [
    { status: "success", retryInterval: "", shown: "error", says: "will run again" },
    { status: "success", retryInterval: "1 hour", shown: "error", says: "will run again" },
    {
      status: "cancelled",
      retryInterval: "1 hour",
      shown: "warning",
      says: "stays until a start takes it over by retry-interval",
    },
    { status: "failure", retryInterval: "", shown: "error", says: "without a retry-interval no start takes it over" },
  ];
  test.each(ENDS)(
    "$status, retry-interval '$retryInterval': $shown",
    async ({ status, retryInterval, shown, says }) => {
      const jobName = `${status} ${retryInterval}`;
      const step = await started(jobName, { "retry-interval": retryInterval });
      fault = () => AWAY;
      const post = await step.post(status);
      fault = () => undefined;
      expect(post.code).toBe(shown === "error" ? 1 : 0);
      const [line, ...more] = [...annotations("error", post), ...annotations("warning", post)];
      expect(more).toEqual([]);
      expect(annotations(shown, post)).toEqual([line]);
      for (const part of ["503", says, BY_HAND, jobName]) expect(line).toContain(part);

      // By hand, as it says.
      await started(jobName, { "retry-interval": "0" });
    },
  );

  test.each([
    [401, "asks for credentials"],
    [403, "permissions: contents: write"],
    [404, "no repository"],
  ])("%i: an error that says what to do", async (status, says) => {
    const step = await started(`answered ${status}`);
    fault = () => ({ status });
    const post = await step.post("success");
    fault = () => undefined;
    expect(post.code).toBe(1);
    expect(annotations("error", post)).toEqual([expect.stringContaining(says)]);
    expect(annotations("error", post)).toEqual([expect.stringContaining(BY_HAND)]);
  });

  test("a server that is gone: refused connections are tried again until the deadline", async () => {
    const other = await LocksRepository.serve();
    const step = other.step({ "job-name": "gone", "job-interval": "1 hour" });
    await step.main();
    await other.close();
    const { toolkit, errors, log } = toolkitWith({ "job-status": "success", url: other.httpUrl }, step.state);
    const { deadline, pass } = endingDeadline();
    const ended = endJob(surroundingsOf(toolkit, deadline));
    while (!log.some((line) => line.includes("; trying again in "))) await nextTurn();
    pass();
    await ended;
    expect(errors).toEqual([
      expect.stringMatching(/ECONNREFUSED.*succeeded but could not be finished.*retry-interval: 0/),
    ]);
    expect(log).toContainEqual(expect.stringMatching(/cannot be reached .*; trying again in .* left\)$/));
  });

  test("an end whose answer is lost is settled by looking", async () => {
    for (const cut of ["before", "after", "within"] as const) {
      const step = await started(`lost answer ${cut}`);
      let pushes = 0;
      fault = ({ command }) => (command === "push" && ++pushes === 1 ? { cut } : undefined);
      const post = await step.post("success");
      fault = () => undefined;
      expect(post.code).toBe(0);
      expect(post.log.at(-1)).toContain(`Finished: lost answer ${cut}`);
      expect(await repository.state(`lost answer ${cut}`)).toMatchObject({
        active: null,
        history: [{ outcome: "finished" }],
      });
    }
  });
});

describe("a start whose answer is lost, and no more can be learned", () => {
  test.each([
    ["was taken", "after", "Interrupted: was taken, before its start was reported"],
    ["was not taken", "before", "Abandoned: was not taken, whose lock was not taken"],
  ] as const)("it %s", async (jobName, cut, line) => {
    const step = repository.step({ "job-name": jobName });
    let lost = false;
    fault = ({ command }) => {
      if (lost) return AWAY;
      lost = command === "push";
      return lost ? { cut } : undefined;
    };
    const main = await step.main();
    fault = () => undefined;
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([
      expect.stringContaining("may have been taken, and the post step tries to release it"),
    ]);
    expect(main.outputs).toEqual({});
    // With continue-on-error the job goes on, and may even succeed; no step has worked on the interval.
    expect(await step.post("success")).toMatchObject({ code: 0, log: [line] });
    expect(await repository.state(jobName)).toMatchObject({ active: null, finishedUntil: null });
  });
});

test("a state document too long for an environment variable keeps post from nothing", async () => {
  const state = finishedUntil("long", Date.now() - 2 * HOUR);
  await repository.write("long", { ...state, note: "x".repeat(200_000) });
  const step = repository.step({ "job-name": "long" });
  expect((await step.main()).outputs.started).toBe("true");
  expect((await step.post("success")).code).toBe(0);
  expect(await repository.state("long")).toMatchObject({ active: null, note: "x".repeat(200_000) });
});
