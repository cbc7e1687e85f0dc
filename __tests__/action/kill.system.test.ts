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

/** When main is killed, and how. */
interface Kill {
  /** What the job is before: never run, free, or held by a dead run that it is taken over from. */
  job: "new" | "free" | "held";
  /** As main's n-th request comes in. */
  request?: number;
  /** As main has told post of the lock that it is about to take. */
  told?: true;
  /** So many milliseconds later than that; or than its start, if neither is given. */
  after?: number;
  /** That request reaches git so many milliseconds later. */
  held?: number;
  /** The answer to main's first push gets lost. */
  lost?: NonNullable<GitFault["cut"]>;
  signal: NodeJS.Signals;
  /** What the job's status is when post comes; with continue-on-error, a killed step leaves it a success. */
  status: "cancelled" | "success";
}

/** What came of it. */
interface Outcome {
  step: Step;
  post: StepResult;
  state: JobState | null;
}

const REQUESTS = { new: ["ls-refs", "push"], free: ["ls-refs", "fetch", "push"], held: ["ls-refs", "fetch", "push"] };
const JOBS = ["new", "free", "held"] as const;

const KILLS: Kill[] = [
  // Before git sees a request, or never to see it.
  ...JOBS.flatMap((job) => REQUESTS[job].map((_, at) => ({ job, request: at + 1 }))),
  // A push that is still on its way when main dies, while post runs, and when post is long done.
  ...JOBS.flatMap((job) => [20, 80, 160, 320, 1200].map((held) => ({ job, request: REQUESTS[job].length, held }))),
  // While git works on the push, while its answer is on its way, and while main tells others.
  ...[4, 8, 12, 16, 20, 25, 30, 40].map((after) => ({ job: "free" as const, request: 3, after })),
  // While main finds out what became of a push whose answer it didn't get, and while it pushes again.
  ...(["before", "within", "after"] as const).map((lost) => ({ job: "new" as const, request: 3, lost })),
  ...(["before", "within", "after"] as const).map((lost) => ({ job: "held" as const, request: 4, lost })),
  ...[0, 100, 800].map((held) => ({ job: "free" as const, request: 5, lost: "before" as const, held })),
  // Anywhere.
  ...[1, 20, 40, 60, 80, 100].map((after) => ({ job: "new" as const, after })),
].map((kill, at) => ({
  ...kill,
  signal: (["SIGKILL", "SIGINT", "SIGTERM"] as const)[at % 3] ?? "SIGKILL",
  status: at % 2 === 0 ? "cancelled" : "success",
}));

/** The same where git is a process of its own, which may outlive main. */
const KILLS_OF_CLI: Kill[] = JOBS.flatMap((job, at) =>
  [0, 10, 20].map((after, nth) => ({
    job,
    told: true as const,
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

function nameOf({ job, request, told, after = 0, held, lost, signal, status }: Kill): string {
  const moment = request ? `request ${request}` : told ? "telling post" : "its start";
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
  // A lock that was there before, and that nothing came to take over, is none of this step's business.
  if (state.active?.id === others) expect(job).toBe("held");
  else expect(state.active).toBeNull();
  // No step has worked on an interval that main never said it had.
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
  const die = async () => {
    if (kill.after) await pause(kill.after);
    step.process?.kill(kill.signal);
  };

  const requests: GitExchange[] = [];
  const unprocessed = new Set<GitExchange>();
  let mainRuns = true;
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
  if (kill.told) void toldOfLock(step, main).then(die);
  else if (kill.request === undefined) void die();
  const { code } = await main;
  mainRuns = false;
  // It may have been quicker than its killer, but never fail.
  expect([null, 0]).toContain(code);
  const post = await step.post(kill.status);

  // What is still on its way gets there now. A git that outlived main has no handle; it has had all of post's time.
  while ([...unprocessed].some(({ ms }) => ms === 0)) await pause(10);
  if (kill.told) await pause(300);
  return { step, post, state: await repository.state(jobName) };
}

/** Resolved as soon as main has told post of a lock, or is over. */
async function toldOfLock(step: Step, main: Promise<unknown>): Promise<void> {
  let over = false;
  void main.finally(() => {
    over = true;
  });
  const file = path.join(step.folder, "main-STATE");
  while (!over && !fileCommands(readFileSync(file, "utf8")).lockId) await pause(1);
}
