import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../../src/action/remedies.ts";
import type { Claim, HeldLock, StartAnswer, Started } from "../../../src/backend/job-backend.ts";
import { LocalBackend } from "../../../src/backend/local-backend.ts";
import { ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, type Instant, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import type { JobStore } from "../../../src/store/job-store.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import type { BareRepository } from "../../../testing/git/bare-repository.ts";
import { type GitFault, serveGit } from "../../../testing/git/git-server.mjs";
import { openStoreAt, type ServedRepository, serveRepository } from "../../../testing/git/served-repository.ts";
import { withoutClock } from "../../../testing/stores/clockless-store.ts";
import { documentOf, inTime } from "../../../testing/stores/job-store-suite.ts";

let served: ServedRepository;
let store: JobStore;
let name: string;
let version: string | null;

beforeAll(async () => {
  served = await serveRepository();
  store = await served.open();
});
afterAll(async () => {
  await store.close();
  await served.close();
});
beforeEach(async () => {
  served.fault = () => undefined;
  name = `job ${randomUUID()}`;
  version = (await store.swap(null, documentOf(name), inTime())).version;
  served.exchanges.length = 0;
  served.log.length = 0;
});

/** Sets a fault for the first request of this kind. */
function once(command: string, fault: GitFault): void {
  served.fault = (exchange) => {
    if (exchange.command !== command) return undefined;
    served.fault = () => undefined;
    return fault;
  };
}

/** A request that gets no answer. */
const HANGS: GitFault = { after: new Promise(() => {}) };

async function firstLogLine(): Promise<string> {
  while (served.log.length === 0) await nextTurn();
  return served.log[0] ?? "";
}

const asked = () => served.exchanges.map(({ command }) => command);

const FAULTS: [what: string, fault: GitFault][] = [
  ["cut before it got there", { cut: "before" }],
  ["cut before its answer", { cut: "after" }],
  ["cut within its answer", { cut: "within" }],
  ...[408, 429, 500, 502, 503, 504, 522].map((status): [string, GitFault] => [`answered ${status}`, { status }]),
  ["retry later (403)", { status: 403, headers: { "retry-after": "0.1" } }],
];

describe("a read", () => {
  test.each(FAULTS.filter(([what]) => !what.includes("later")))(
    "whose ls-refs is %s is tried again",
    async (_, fault) => {
      once("ls-refs", fault);
      expect((await store.read([name], inTime())).records.get(name)?.version).toBe(version);
      expect(asked()).toEqual(["ls-refs", "ls-refs", "fetch"]);
      expect(served.log).toEqual([expect.stringMatching(/; trying again in .* left\)$/)]);
    },
  );

  test.each(FAULTS.slice(0, 4))("whose fetch is %s is tried again", async (_, fault) => {
    once("fetch", fault);
    expect((await store.read([name], inTime())).records.get(name)?.version).toBe(version);
    expect(asked()).toEqual(["ls-refs", "fetch", "fetch"]);
  });

  test.each([503, 403])("waits as long as Retry-After says, on %i", async (status) => {
    once("ls-refs", { status, headers: { "retry-after": "30" } });
    const { deadline, pass } = endingDeadline();
    const error = failureOf(store.read([name], deadline));
    expect(await firstLogLine()).toContain("; trying again in 30 s (attempt 2");
    pass();
    expect(await error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(asked()).toEqual(["ls-refs"]);
  });

  test("ends at once when Retry-After is beyond the deadline", async () => {
    once("ls-refs", { status: 503, headers: { "retry-after": new Date(Date.now() + 120_000).toUTCString() } });
    const error = await failureOf(store.read([name], deadlineIn(60_000)));
    expect(error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(actionMessage(error)).toMatch(/ answered 503: check the input url and the network/);
    expect(asked()).toEqual(["ls-refs"]);
  });

  test("that gets no answer is given up at the deadline, also half-way", async () => {
    for (const fault of [HANGS, { cut: "before" } as const]) {
      served.fault = () => fault;
      expect(await failureOf(store.read([name], deadlineIn(300)))).toMatchObject({ code: "unreachable" });
    }
  });

  test("of an object that is gone reads the refs again", async () => {
    // Between the two requests, another run moves the ref, and the server removes the old document.
    let moved: string | null = null;
    served.fault = ({ command }) => {
      if (command === "fetch" && moved === null) {
        const { repository } = served;
        moved = repository.commit(JSON.stringify(documentOf(name)));
        repository.git(["update-ref", refOf(name), moved]);
        repository.git(["-c", "gc.reflogExpire=now", "prune", "--expire=now"]);
      }
      return undefined;
    };
    expect((await store.read([name], inTime())).records.get(name)?.version).toBe(moved);
    expect(asked()).toEqual(["ls-refs", "fetch", "ls-refs", "fetch"]);
  });
});

describe("a swap", () => {
  test.each([FAULTS[0], ...FAULTS.slice(3, -1)] as typeof FAULTS)(
    "that is %s is settled by reading the ref, and sent again",
    async (_, fault) => {
      once("push", fault);
      const { version: swapped } = await store.swap(version, documentOf(name), inTime());
      expect(swapped).not.toBeNull();
      expect(served.repository.tip(refOf(name))).toBe(swapped);
      expect(asked()).toEqual(["push", "ls-refs", "push"]);
    },
  );

  test.each(FAULTS.slice(1, 3))("that is %s is settled by reading the ref, and taken", async (_, fault) => {
    once("push", fault);
    const { version: swapped } = await store.swap(version, documentOf(name), inTime());
    expect(swapped).not.toBeNull();
    expect(served.repository.tip(refOf(name))).toBe(swapped);
    expect(asked()).toEqual(["push", "ls-refs"]);
  });

  test("whose answer is lost is lost itself when another run has swapped since", async () => {
    const other = documentOf(name);
    served.fault = ({ command }) => {
      if (command !== "push") return undefined;
      served.fault = () => undefined;
      served.repository.git(["update-ref", refOf(name), served.repository.commit(JSON.stringify(other))]);
      return { cut: "before" };
    };
    expect(await store.swap(version, documentOf(name), inTime())).toEqual({ version: null, effect: "possible" });
    expect((await store.read([name], inTime())).records.get(name)?.state).toMatchObject(other);
  });

  test("waits as long as Retry-After says before it is sent again", async () => {
    once("push", { status: 429, headers: { "retry-after": "30" } });
    const { deadline, pass } = endingDeadline();
    const error = failureOf(store.swap(version, documentOf(name), deadline));
    expect(await firstLogLine()).toContain("; trying again in 30 s (attempt 2");
    pass();
    expect(await error).toMatchObject({ code: "unreachable", effect: "none" });
    expect(asked()).toEqual(["push", "ls-refs"]);
  });

  test("without an answer until the deadline has the effect possible", async () => {
    for (const fault of [HANGS, { cut: "before" } as const, { status: 503 }]) {
      const { deadline, pass } = endingDeadline();
      served.fault = ({ command }) => {
        if (fault === HANGS || command === "ls-refs") pass();
        return fault;
      };
      const error = await failureOf(store.swap(version, documentOf(name), deadline));
      expect(error).toMatchObject({ code: "unreachable", effect: "possible" });
    }
  });

  test("that is refused plainly while it is settled is still unsettled", async () => {
    served.fault = ({ command }) => (command === "push" ? { cut: "after" } : { status: 403 });
    const error = await failureOf(store.swap(version, documentOf(name), inTime()));
    expect(error).toMatchObject({ code: "token-may-not-read", effect: "possible" });
    expect(served.repository.tip(refOf(name))).not.toBe(version);
  });
});

const HOURLY = { jobInterval: HOUR };
const claimOf = (lockId: string): Claim => ({ lockId, holder: null, idempotencyKey: "key" });

test("a start that was given up is fenced off: its swap comes late, and takes nothing", async () => {
  const backend = new LocalBackend({ store: withoutClock(store), now: Date.now, log: () => {} });
  const late = new LocalBackend({ store: withoutClock(await served.open()), now: Date.now, log: () => {} });
  const jobName = `late ${randomUUID()}`;
  const { deadline, pass } = endingDeadline();
  let arrive = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  served.fault = ({ command }) => {
    if (command !== "push") return undefined;
    pass();
    return { after: arrival };
  };
  const error = await failureOf(late.start({ ...HOURLY, jobName }, claimOf("late"), deadline));
  expect(error).toMatchObject({ code: "unreachable", effect: "possible" });

  served.fault = () => undefined;
  expect(await backend.abandon({ jobName, id: "late", record: null }, inTime())).toBe(false);
  arrive();
  while (served.exchanges.some(({ command, ms }) => command === "push" && ms === 0)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await store.read([jobName], inTime())).records.get(jobName)?.state.active).toBeNull();
  await late.close();
});

function stateInRepository(repository: BareRepository, jobName: string): JobState | null {
  if (repository.tip(refOf(jobName)) === null) return null;
  const message = repository.git(["log", "-1", "--format=%B", refOf(jobName)]);
  return JSON.parse(message.slice(message.indexOf("{")));
}

/** A seeded generator: https://en.wikipedia.org/wiki/Linear_congruential_generator, with the numbers of Numerical Recipes. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const SEQUENCES = 20;
const AT_ONCE = 10;

test("no sequence of faults grants an interval twice, or loses a lock without an error", async () => {
  const outcomes: string[] = [];
  const now: Instant = Date.parse("2026-11-24T12:00:00Z");
  const lockOn = (jobName: string) => stateInRepository(served.repository, jobName)?.active?.id ?? null;

  /** Two runs race for a job's first interval, and the winner finishes it. Each request may meet a fault. */
  async function playOut(seed: number): Promise<void> {
    const random = randomFrom(seed);
    let faults = true;
    const fault = (): GitFault | undefined => {
      if (!faults || random() > 0.4) return undefined;
      const kinds: GitFault[] = [
        { cut: "before" },
        { cut: "after" },
        { cut: "within" },
        { status: 503 },
        { status: 403 },
      ];
      return kinds[Math.floor(random() * kinds.length)];
    };
    const server = await serveGit({ root: served.repository.root, fault });
    const jobName = `sequence ${seed}`;
    const racers = await Promise.all(
      ["a", "b"].map(async (id) => {
        const backend = new LocalBackend({
          store: withoutClock(await openStoreAt(server.url(served.repository.name))),
          now: () => now,
          log: () => {},
        });
        return { id, backend };
      }),
    );
    const answers = await Promise.all(
      racers.map(({ id, backend }) =>
        backend.start({ ...HOURLY, jobName }, claimOf(id), inTime()).catch((error: unknown) => error),
      ),
    );
    const started = racers.filter((_, at) => (answers[at] as StartAnswer).started);
    const failed = racers.filter((_, at) => answers[at] instanceof Error);
    expect(started.length).toBeLessThanOrEqual(1);
    if (failed.length === 0) expect(started).toHaveLength(1);

    for (const { id, backend } of started) {
      outcomes.push("started");
      expect(lockOn(jobName)).toBe(id);
      const answer = answers[racers.findIndex((racer) => racer.id === id)] as Started;
      const lock = answer.lock as HeldLock;
      const error = await backend.finish(lock, inTime()).catch((error: unknown) => error);
      outcomes.push(error === undefined ? "finished" : "failed to finish");
      if (error === undefined) {
        expect(stateInRepository(served.repository, jobName)).toMatchObject({
          active: null,
          finishedUntil: toIso(now),
          history: [{ id, outcome: "finished" }],
        });
      } else {
        expect(error).toBeInstanceOf(ServiceError);
        if ((error as ServiceError).effect === "none") expect(lockOn(jobName)).toBe(id);
      }
    }
    faults = false;
    for (const { id, backend } of failed) {
      const error = answers[racers.findIndex((racer) => racer.id === id)] as ServiceError;
      expect(error).toBeInstanceOf(ServiceError);
      outcomes.push(error.effect === "possible" ? "failed, and may have started" : "failed to start");
      if (error.effect === "none") expect(lockOn(jobName)).not.toBe(id);
      else await backend.abandon({ jobName, id, record: null }, inTime());
      expect(lockOn(jobName)).not.toBe(id);
    }
    await Promise.all(racers.map(({ backend }) => backend.close()));
    await server.close();
  }

  let seed = 0;
  const player = async () => {
    while (seed < SEQUENCES) await playOut(++seed);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, player));
  // The sequences must include all of these ends.
  expect(outcomes).toEqual(expect.arrayContaining(["started", "finished", "failed to start"]));
});
