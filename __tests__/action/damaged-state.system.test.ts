import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { refOf } from "../../src/store/git/ref-name.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step } from "../../testing/action/runner.mjs";
import { StepHere } from "../../testing/action/step-here.ts";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

let repository: LocksRepository;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
afterAll(() => repository.close());

const JOB = "report";
const AN_HOUR_AGO = Date.now() - HOUR;
const DONE = finishedUntil(JOB, AN_HOUR_AGO);
const HELD = heldSince(JOB, AN_HOUR_AGO);
const ENDED = {
  id: "1",
  intervalStartedAt: "2026-01-01T00:00:00.000Z",
  intervalEndedAt: "2026-01-01T01:00:00.000Z",
  outcome: "finished",
  endedAt: "2026-01-01T01:00:01.000Z",
  runUrl: null,
};

/** The commit's message, and the words of the error about it. */
const DOCUMENTS: [what: string, message: string | object, says: string][] = [
  ["an empty message", "", "no JSON"],
  ["some other commit's message", "Fix the build\n\nIt was { broken }.", "no JSON"],
  ["cut short", JSON.stringify(HELD).slice(0, -40), "cut short"],
  ["cut short after its subject", `report: running\n\n${JSON.stringify(HELD, null, 2).slice(0, 100)}`, "cut short"],
  ["two documents", `${JSON.stringify(DONE)}\n${JSON.stringify(DONE)}`, "cut short, or not JSON"],
  ["a list", "[]", "no JSON"],
  ["of a version to come", { ...DONE, v: 2, active: { new: "shape" } }, "version 2"],
  ["of no version", { ...DONE, v: undefined }, "v is missing"],
  ["of a version in words", { ...DONE, v: "1" }, 'v is "1"'],
  ["of another job", { ...DONE, name: "other" }, 'name is "other"'],
  ["finished in no time", { ...DONE, finishedUntil: "yesterday" }, 'finishedUntil is "yesterday"'],
  ["finished in another notation", { ...DONE, finishedUntil: "2026-01-01T00:00:00Z" }, "finishedUntil"],
  ["finished on no day", { ...DONE, finishedUntil: "2026-13-01T00:00:00.000Z" }, "finishedUntil"],
  ["without a word on being active", { ...DONE, active: undefined }, "active is missing"],
  ["active by a word", { ...DONE, active: true }, "active is true"],
  ["active without an id", { ...HELD, active: { ...HELD.active, id: "" } }, 'active.id is ""'],
  ["active since never", { ...HELD, active: { ...HELD.active, createdAt: null } }, "active.createdAt is null"],
  ["held by a word", { ...HELD, active: { ...HELD.active, holder: "me" } }, 'active.holder is "me"'],
  ["held by a number", { ...HELD, active: { ...HELD.active, holder: { job: 1 } } }, "active.holder.job is 1"],
  [
    "an interval that ends before it starts",
    { ...HELD, active: { ...HELD.active, intervalEndedAt: HELD.active?.intervalStartedAt } },
    "active.intervalEndedAt",
  ],
  [
    "an interval that has finished already",
    { ...HELD, finishedUntil: HELD.active?.intervalEndedAt },
    "active.intervalStartedAt",
  ],
  [
    "a field that is nested without end",
    JSON.stringify({ ...DONE, note: 0 }).replace(/0\}$/, `${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
    "more than 32 levels",
  ],
  ["no history", { ...DONE, history: null }, "history is null"],
  ["a history of nothing", { ...DONE, history: [null] }, "history[0] is null"],
  ["a run of no outcome", { ...DONE, history: [{ ...ENDED, outcome: "" }] }, 'history[0].outcome is ""'],
];

const stepHere = () => {
  const inputs = { url: repository.httpUrl, "job-name": JOB, "job-interval": "1 hour", "retry-interval": "0" };
  return new StepHere(inputs, runOf("report"));
};

/** Refused with one clear error; the ref is as it was, and post has nothing to do. */
async function expectRefused(says: string, step: Pick<Step, "main" | "post"> = stepHere()): Promise<void> {
  const before = await repository.refs();
  expect(before).not.toEqual([]);
  const main = await step.main();
  expect(main.code).toBe(1);
  const errors = annotations("error", main);
  expect(errors).toHaveLength(1);
  for (const part of [refOf(JOB), says]) expect(errors[0]).toContain(part);
  expect(errors[0]?.length).toBeLessThan(800);
  expect(main.outputs).toEqual({});
  expect(main.state).toEqual(NOTHING_TO_END);
  expect(await step.post("failure")).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"] });
  expect(await repository.refs()).toEqual(before);
}

test("an outcome that only a newer version knows stays in the history", async () => {
  const history = [{ ...ENDED, outcome: "won" }];
  await repository.write(JOB, { ...DONE, history });
  const step = repository.step({ "job-name": JOB });
  expect((await step.main()).outputs.started).toBe("true");
  expect((await step.post("success")).code).toBe(0);
  expect((await repository.state(JOB))?.history).toMatchObject([{ outcome: "finished" }, ...history]);
});

describe("a state document that can't be read is never overwritten", () => {
  test.each(DOCUMENTS)("%s", async (_, message, says) => {
    await repository.write(JOB, message);
    await expectRefused(says);
  });

  test("over git+file: too, and there one that is far too long", async () => {
    await repository.write(JOB, { ...DONE, v: 2 });
    await expectRefused("version 2", repository.step({ "job-name": JOB, url: repository.fileUrl }));
    await repository.write(JOB, { ...DONE, note: "x".repeat(2_000_000) });
    const before = await repository.refs();
    const main = await repository.step({ "job-name": JOB, url: repository.fileUrl }).main();
    expect(main.code).toBe(1);
    expect(annotations("error", main)).toEqual([expect.stringMatching(/over \d+ bytes/)]);
    expect(await repository.refs()).toEqual(before);
  });

  test.each(["blob", "tree", "tag"])("the ref points to a %s", async (type) => {
    await repository.write(JOB, DONE);
    const [commit = ""] = (await repository.refs())[0]?.split(" ") ?? [];
    const body = {
      blob: JSON.stringify(DONE),
      tree: "",
      tag: `object ${commit}\ntype commit\ntag report\ntagger someone <someone@example.com> 0 +0000\n\n${JSON.stringify(DONE)}\n`,
    }[type];
    const id = (await repository.git(["hash-object", "-w", "-t", type ?? "", "--stdin"], body)).trim();
    await repository.git(["update-ref", refOf(JOB), id]);
    await expectRefused(`a ${type}, not a commit`);
  });

  test("of a required job", async () => {
    await repository.write(JOB, "{");
    await expectRefused("cut short", repository.step({ "job-name": "summary", "required-job-names": JOB }));
  });
});

describe("while a run goes on", () => {
  test("post changes nothing either, and says so", async () => {
    const step = repository.step({ "job-name": "damaged later" });
    expect((await step.main()).outputs.started).toBe("true");
    await repository.write("damaged later", { v: 2 });
    const before = await repository.refs();
    const post = await step.post("success");
    expect(post.code).toBe(1);
    expect(annotations("error", post)).toEqual([expect.stringContaining("version 2")]);
    expect(await repository.refs()).toEqual(before);
  });
});

test("what a later release adds is kept", async () => {
  const added = { ...DONE, finishedUntil: new Date(Date.now() - 2 * HOUR).toISOString(), added: { by: "a later one" } };
  await repository.write(JOB, added);
  const step = repository.step({ "job-name": JOB });
  expect((await step.main()).outputs.started).toBe("true");
  expect((await step.post("success")).code).toBe(0);
  expect(await repository.state(JOB)).toMatchObject({ active: null, added: { by: "a later one" } });
});
