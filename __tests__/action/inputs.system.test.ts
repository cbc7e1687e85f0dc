import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { GOOD_INPUTS, WRONG_INPUTS } from "../../testing/action/inputs.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import type { StepResult } from "../../testing/action/runner.mjs";
import { runOf } from "../../testing/action/runner.mjs";
import { annotations, NOTHING_TO_END } from "../../testing/action/step-results.ts";
import { inParallel } from "../../testing/in-parallel.ts";

let repository: LocksRepository;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
afterAll(() => repository.close());

describe("refused by the bundle", () => {
  /** One of each kind: each of them reaches the log by a way of its own. */
  const SAMPLE = WRONG_INPUTS.filter(([inputs], at) => {
    const kind = (row: InputTexts | undefined) => JSON.stringify(Object.keys(row ?? {}));
    return kind(inputs) !== kind(WRONG_INPUTS[at - 1]?.[0]) || "token" in inputs;
  });
  let runs: { main: StepResult; post: StepResult | null }[];
  beforeAll(async () => {
    runs = await inParallel(SAMPLE, 4, async ([inputs]) => {
      const step = repository.step({ ...GOOD_INPUTS, url: repository.httpUrl, ...inputs });
      const main = await step.main();
      // Post reads none of the other inputs where there is nothing to end.
      const isReadByPost = ["job-status", "url", "deadline"].some((name) => name in inputs);
      return { main, post: isReadByPost ? await step.post("failure") : null };
    });
  });

  test.each(SAMPLE.map(([inputs, says], at) => ({ inputs, says, at })))("$inputs", ({ says, at }) => {
    const main = runs[at]?.main as StepResult;
    expect(main.code).toBe(1);
    const errors = annotations("error", main);
    expect(errors).toHaveLength(1);
    for (const part of says) expect(errors[0]).toContain(part);
    expect(main.log.filter((line) => !line.startsWith("::add-mask::")).join("\n")).not.toContain("hunter2");
    expect(main.outputs).toEqual({});
    expect(main.state).toEqual(NOTHING_TO_END);
    const { post = null } = runs[at] ?? {};
    if (post !== null) {
      expect(post).toMatchObject({ code: 0, log: ["This step holds no lock: nothing to end"], outputs: {} });
    }
  });

  test("nothing was sent or written", async () => {
    expect(repository.exchanges).toEqual([]);
    expect(await repository.refs()).toEqual([]);
  });
});

test("with nothing wrong, the repository is asked", async () => {
  const main = await repository.step({ ...GOOD_INPUTS, url: repository.httpUrl }).main();
  expect(main.outputs.started).toBe("true");
  expect(repository.exchanges.length).toBeGreaterThan(0);
});

test("a start that may surprise is remarked on, and goes on", async () => {
  const step = repository.step(
    { ...GOOD_INPUTS, "job-name": "re\u200bport", "job-interval": "0 9 * * 1-5 *", url: repository.httpUrl },
    { ...runOf("report"), GITEA_ACTIONS: "true", GITHUB_ACTION_PATH: "/work/composite" },
  );
  const main = await step.main();
  expect(main.outputs.started).toBe("true");
  expect(main.log.filter((line) => line.startsWith("::warning::") || line.startsWith("::notice::"))).toEqual([
    expect.stringContaining("U+200B (zero width space)"),
    expect.stringContaining("use this action in the workflow itself"),
    expect.stringContaining("has six fields, so the first one is for seconds"),
  ]);
});
