import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type StepResult } from "../../testing/action/runner.mjs";
import { annotations } from "../../testing/action/step-results.ts";
import { type GitExchange, type GitFault, tokenOf } from "../../testing/git/git-server.mjs";
import { inParallel } from "../../testing/in-parallel.ts";
import { isAlive } from "../../testing/processes/is-alive.ts";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

/** The moment at which a main step with a command is signalled. */
interface Kill {
  /** The number of main's push: the first takes the first interval, the second finishes it, and so on. */
  readonly push: number;
  /** Milliseconds from the arrival of that push to the signal. */
  readonly after: number;
  /** Milliseconds by which git gets that push late. */
  readonly held: number;
  readonly signal: NodeJS.Signals;
  /** A second signal right after the first one. */
  readonly again: boolean;
  readonly status: "cancelled" | "success";
}

const KILLS: Kill[] = [1, 2, 3, 4]
  .flatMap((push) => [0, 20, 60].map((after) => ({ push, after, held: 0 })))
  .concat([1, 2, 3, 4].flatMap((push) => [20, 200].map((held) => ({ push, after: 0, held }))))
  .map((kill, at) => ({
    ...kill,
    signal: (["SIGKILL", "SIGINT", "SIGTERM"] as const)[at % 3] ?? "SIGKILL",
    again: at % 4 === 1,
    status: at % 2 === 0 ? "cancelled" : "success",
  }));

interface Outcome {
  readonly main: StepResult;
  readonly post: StepResult;
  readonly state: JobState | null;
  /** For each run of the command its interval, and whether it got to its end. */
  readonly runs: readonly string[];
  readonly alive: readonly number[];
}

let repository: LocksRepository;
let workspace: string;
let outcomes: Outcome[];
const faults = new Map<string, (exchange: GitExchange) => GitFault | undefined>();
beforeAll(async () => {
  repository = await LocksRepository.serve({ fault: (exchange) => faults.get(tokenOf(exchange))?.(exchange) });
  workspace = mkdtempSync(path.join(tmpdir(), "cronyx-workspace-"));
  outcomes = await inParallel(KILLS, 4, killed);
});
afterAll(async () => {
  await repository.close();
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
});

const COMMAND = [
  'echo "began $CRONYX_INTERVAL_STARTED_AT" >> log',
  "echo $$ >> pids",
  "sleep 0.05",
  'echo "ended $CRONYX_INTERVAL_STARTED_AT" >> log',
].join("\n");

let count = 0;
async function killed(kill: Kill): Promise<Outcome> {
  const token = `token-${++count}`;
  const jobName = `job-${count}`;
  const folder = path.join(workspace, jobName);
  mkdirSync(folder);
  await repository.write(jobName, finishedUntil(jobName, Date.now() - 3.5 * HOUR));
  const inputs = { token, "job-name": jobName, run: COMMAND, "max-intervals": "2" };
  const step = repository.step(inputs, { ...runOf("report"), GITHUB_WORKSPACE: folder });
  let pushes = 0;
  let mainRuns = true;
  const unprocessed = new Set<GitExchange>();
  faults.set(token, (exchange) => {
    unprocessed.add(exchange);
    if (!mainRuns || exchange.command !== "push" || ++pushes !== kill.push) return undefined;
    // The signal may come after the end of main, and must not reach post.
    const mainProcess = step.process;
    void pause(kill.after).then(() => {
      mainProcess?.kill(kill.signal);
      if (kill.again) mainProcess?.kill(kill.signal);
    });
    return { delay: kill.held };
  });
  const main = await step.main();
  mainRuns = false;
  const post = await step.post(kill.status);
  while ([...unprocessed].some(({ ms }) => ms === 0)) await pause(10);
  const read = (file: string) =>
    existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), "utf8").trim().split("\n") : [];
  return {
    main,
    post,
    state: await repository.state(jobName),
    runs: read("log"),
    alive: read("pids").map(Number).filter(isAlive),
  };
}

test.each(
  KILLS.map(
    (kill, at) =>
      [
        `${kill.signal}${kill.again ? " twice" : ""} ${kill.after} ms after push ${kill.push}, held ${kill.held} ms, ${kill.status}`,
        at,
      ] as const,
  ),
)("%s", (_, at) => {
  const { main, post, state, runs, alive } = outcomes[at] as Outcome;
  expect(annotations("error", post)).toEqual([]);
  expect(post.code).toBe(0);
  expect(alive).toEqual([]);
  expect(state?.active).toBeNull();
  const finished = (state?.history ?? []).filter(({ outcome }) => outcome === "finished");
  // Nothing is finished whose command did not get to its end, and success is reported only for what is finished.
  for (const { intervalStartedAt } of finished) expect(runs).toContain(`ended ${intervalStartedAt}`);
  expect(finished.length).toBeGreaterThanOrEqual(Number(main.outputs["intervals-finished"] ?? 0));
  if (main.code === 0) expect(Number(main.outputs["intervals-finished"])).toBe(finished.length);
});
