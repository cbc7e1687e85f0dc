import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { fileCommands, type Step, type StepResult } from "../../testing/action/runner.mjs";
import { annotations } from "../../testing/action/step-results.ts";
import { type GitExchange, type GitFault, tokenOf } from "../../testing/git/git-server.mjs";
import { inParallel } from "../../testing/in-parallel.ts";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

/** The moment at which main is killed, and the signal. */
interface Kill {
  /** The job before main: it never ran, it is free, or a dead run holds its lock, which main takes over. */
  job: "new" | "free" | "held";
  /** The number of main's request at which it is killed. */
  request?: number;
  /** Whether main is killed when it has saved the lock, which it is about to take, in its state. */
  saved?: true;
  /** Milliseconds from that moment to the signal, or from the start of main if there is no such moment. */
  after?: number;
  /** Milliseconds by which that request reaches git late. */
  held?: number;
  /** Where the connection of main's first push is cut. */
  lost?: NonNullable<GitFault["cut"]>;
  signal: NodeJS.Signals;
  /** The job's status when post runs. With continue-on-error, a killed step leaves it a success. */
  status: "cancelled" | "success";
}

/** The results of a killed main and of its post step. */
interface Outcome {
  step: Step;
  post: StepResult;
  state: JobState | null;
}

const REQUESTS = { new: ["ls-refs", "push"], free: ["ls-refs", "fetch", "push"], held: ["ls-refs", "fetch", "push"] };
const JOBS = ["new", "free", "held"] as const;

const KILLS: Kill[] = [
  // Before git gets a request. Git may never get it.
  ...JOBS.flatMap((job) => REQUESTS[job].map((_, at) => ({ job, request: at + 1 }))),
  // A push that is still on its way when main dies, while post runs, and when post is long done.
  ...JOBS.flatMap((job) => [20, 160, 1200].map((held) => ({ job, request: REQUESTS[job].length, held }))),
  // While git works on the push, while its answer is on its way, and while main sets its outputs.
  ...[4, 12, 20, 30].map((after) => ({ job: "free" as const, request: 3, after })),
  // While main reads the ref after a push whose answer was lost, and while it pushes again.
  ...(["before", "within", "after"] as const).map((lost) => ({ job: "new" as const, request: 3, lost })),
  ...(["before", "within", "after"] as const).map((lost) => ({ job: "held" as const, request: 4, lost })),
  ...[0, 100, 800].map((held) => ({ job: "free" as const, request: 5, lost: "before" as const, held })),
  // At any moment.
  ...[1, 30, 60, 100].map((after) => ({ job: "new" as const, after })),
].map((kill, at) => ({
  ...kill,
  signal: (["SIGKILL", "SIGINT", "SIGTERM"] as const)[at % 3] ?? "SIGKILL",
  status: at % 2 === 0 ? "cancelled" : "success",
}));

/** The same where git is a process of its own, which may outlive main. */
const KILLS_OF_CLI: Kill[] = JOBS.flatMap((job, at) =>
  [0, 10, 20].map((after, nth) => ({
    job,
    saved: true as const,
    after,
    signal: (["SIGKILL", "SIGINT", "SIGTERM"] as const)[(at + nth) % 3] ?? "SIGKILL",
    status: nth % 2 === 0 ? "cancelled" : "success",
  })),
);

let repository: LocksRepository;
/** Each run has a token of its own, by which its requests are known. */
const faults = new Map<string, (exchange: GitExchange) => GitFault | undefined>();
beforeAll(async () => {
  repository = await LocksRepository.serve({ fault: (exchange) => faults.get(tokenOf(exchange))?.(exchange) });
});
afterAll(() => repository.close());

describe("over git+http:", () => {
  let outcomes: Outcome[];
  beforeAll(async () => {
    outcomes = await inParallel(KILLS, 6, (kill) => killed(kill, repository.httpUrl));
  });
  test.each(KILLS.map((kill, at) => [nameOf(kill), kill, at] as const))("%s", (_, kill, at) => {
    expectFree(kill, outcomes[at] as Outcome);
  });

  test("among them all that can happen: nothing taken yet, taken and given back, never to be taken", () => {
    const lines = outcomes.map(({ post }) => post.log.at(-1)?.replace(/: .*?,/, ":"));
    expect([...new Set(lines)]).toEqual(
      expect.arrayContaining([
        "This step holds no lock: nothing to end",
        "Interrupted: before its start was reported",
        "Abandoned: whose lock was not taken",
      ]),
    );
  });
});

describe("over git+file:", () => {
  let outcomes: Outcome[];
  beforeAll(async () => {
    outcomes = await inParallel(KILLS_OF_CLI, 4, (kill) => killed(kill, repository.fileUrl));
  });
  test.each(KILLS_OF_CLI.map((kill, at) => [nameOf(kill), kill, at] as const))("%s", (_, kill, at) => {
    expectFree(kill, outcomes[at] as Outcome);
  });
});

function nameOf({ job, request, saved, after = 0, held, lost, signal, status }: Kill): string {
  const moment = request ? `request ${request}` : saved ? "saving the lock" : "its start";
  const push = `${held ? `, held ${held} ms` : ""}${lost ? `, first push cut ${lost}` : ""}`;
  return `${job} job, ${signal} ${after} ms after ${moment}${push}, ${status}`;
}

function expectFree({ job, status }: Kill, { step, post, state }: Outcome): void {
  expect(annotations("error", post)).toEqual([]);
  expect(post.code).toBe(0);
  if (state === null) {
    expect(job).toBe("new");
    return;
  }
  const others = heldSince("", HELD_SINCE).active?.id;
  // If main did not take the dead run's lock over, that lock stays.
  if (state.active?.id === others) expect(job).toBe("held");
  else expect(state.active).toBeNull();
  // A run is finished only if main reported the start: no other step worked on its interval.
  const finished = state.history.filter(({ outcome }) => outcome === "finished");
  expect(finished).toHaveLength(status === "success" && step.state.started === "true" ? 1 : 0);
}

const HELD_SINCE = Date.now() - 2 * HOUR;
let runs = 0;

async function killed(kill: Kill, url: string): Promise<Outcome> {
  const token = `token-${++runs}`;
  const jobName = `job-${runs}`;
  if (kill.job === "free") await repository.write(jobName, finishedUntil(jobName, HELD_SINCE));
  if (kill.job === "held") await repository.write(jobName, heldSince(jobName, HELD_SINCE));
  const step = repository.step({ url, token, "job-name": jobName, "retry-interval": "1 hour" });
  let mainRuns = true;
  const die = async () => {
    if (kill.after) await pause(kill.after);
    // A main that ended before is not killed. The step's process may be post by now.
    if (mainRuns) step.process?.kill(kill.signal);
  };

  const requests: GitExchange[] = [];
  const unprocessed = new Set<GitExchange>();
  let lost = false;
  faults.set(token, (exchange) => {
    requests.push(exchange);
    if (mainRuns && kill.lost && !lost && exchange.command === "push") {
      lost = true;
      if (kill.lost !== "before") unprocessed.add(exchange);
      return { cut: kill.lost };
    }
    unprocessed.add(exchange);
    if (!mainRuns || requests.length !== kill.request) return undefined;
    void die();
    return { delay: kill.held ?? 0 };
  });

  const main = step.main();
  if (kill.saved) void savedLock(step, main).then(die);
  else if (kill.request === undefined) void die();
  const { code } = await main;
  mainRuns = false;
  // Main may end before it is killed, but it must not fail.
  expect([null, 0]).toContain(code);
  const post = await step.post(kill.status);

  // Wait for the requests that are still in flight. A git process that outlived main has had the time of post.
  while ([...unprocessed].some(({ ms }) => ms === 0)) await pause(10);
  if (kill.saved) await pause(300);
  return { step, post, state: await repository.state(jobName) };
}

/** Resolves when main has saved a lock in its state, or has ended. */
async function savedLock(step: Step, main: Promise<unknown>): Promise<void> {
  let over = false;
  void main.finally(() => {
    over = true;
  });
  const file = path.join(step.folder, "main-STATE");
  while (!over && !fileCommands(readFileSync(file, "utf8")).lockId) await pause(1);
}
