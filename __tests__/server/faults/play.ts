import { randomUUID } from "node:crypto";
import { lockIdOf } from "../../../src/backend/lock-id.ts";
import { openBackend } from "../../../src/backend/open-backend.ts";
import { CronyxClient } from "../../../src/client/client.ts";
import type { CronyxClientError } from "../../../src/client/client-error.ts";
import type { Job } from "../../../src/client/job.ts";
import type { Effect } from "../../../src/errors/service-error.ts";
import { parseLocation } from "../../../src/location/location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import type { Instant } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { FaultyProxy } from "../../../testing/network/faulty-proxy.ts";
import { type End, faultsOf, INTERVAL, MOST_CALLERS, type PlannedStart, planOf, RETRY_INTERVAL } from "./plan.ts";
import type { ClockedServers } from "./servers.ts";

/** A start of one caller, the calls that end its run, and the answers. */
export interface Attempt {
  /** The id that the lock has, if this start gets one. */
  readonly lockId: string;
  readonly mayTakeOver: boolean;
  readonly round: number;
  /** Whether no other caller started the job in this round. */
  readonly isAlone: boolean;
  /** When the start was sent, by the servers' clock. */
  readonly sentAt: Instant;
  readonly answer: StartAnswer;
  readonly ends: { readonly end: End; readonly answer: EndAnswer }[];
}

export type StartAnswer =
  | {
      readonly kind: "started";
      readonly id: string | null;
      readonly intervalStartedAt: Instant;
      readonly intervalEndedAt: Instant;
      readonly createdAt: Instant;
    }
  | { readonly kind: "not started"; readonly reason: string }
  | Failed;
export type EndAnswer = { readonly kind: "done" } | { readonly kind: "lost" } | Failed;

interface Failed {
  readonly kind: "error";
  /** `possible`: the error says that the call may have been carried out. */
  readonly effect: Effect;
  readonly message: string;
}

/** All attempts on one job, and the job's last state. */
export interface Sequence {
  readonly seed: number;
  readonly attempts: readonly Attempt[];
  /** The state after the last request. Null: the job has none. */
  readonly state: JobState | null;
}

/** The deadline of an `abandon`, in milliseconds: most of the calls end before it. */
const LONGEST_ABANDON = 1_500;

/** Plays one seed after the other. It has a proxy and a clock of its own. */
export class Player {
  readonly #servers: ClockedServers;
  readonly #proxy: FaultyProxy;
  readonly #url: string;
  readonly #clock: string;
  readonly #callers: readonly Caller[];

  static async open(servers: ClockedServers): Promise<Player> {
    const proxy = new FaultyProxy(() => servers.port());
    return new Player(servers, proxy, await proxy.listen());
  }

  private constructor(servers: ClockedServers, proxy: FaultyProxy, url: string) {
    this.#servers = servers;
    this.#proxy = proxy;
    this.#url = url;
    this.#clock = new URL(url).host;
    this.#callers = Array.from({ length: MOST_CALLERS + 1 }, () => new Caller(url));
  }

  async play(seed: number): Promise<Sequence> {
    const jobName = `seed ${seed}`;
    const attempts: Attempt[] = [];
    this.#proxy.fault = faultsOf(seed);
    for (const [round, { advance, starts, overtaken }] of planOf(seed).entries()) {
      await this.#servers.advance(this.#clock, advance);
      const send = (start: PlannedStart, at: number) => this.#start(jobName, start, at, round, starts.length === 1);
      const sent = await Promise.all(starts.map(send));
      const [first] = starts;
      if (overtaken && first !== undefined) {
        await this.#servers.advance(this.#clock, RETRY_INTERVAL);
        sent.push(await this.#start(jobName, { ...first, mayTakeOver: true }, MOST_CALLERS, round, false));
      }
      await Promise.all(sent.map(({ job, start, attempt }) => end(job, start, attempt)));
      attempts.push(...sent.map(({ attempt }) => attempt));
    }
    await this.#proxy.idle();
    this.#proxy.fault = () => ({ kind: "pass" });
    const backend = await openBackend(parseLocation(this.#url), optionsOfBackend());
    const state = (await backend.status(jobName, deadlineIn(30_000)))?.state ?? null;
    await backend.close();
    return { seed, attempts, state };
  }

  async close(): Promise<void> {
    await Promise.all(this.#callers.map(({ client }) => client.close()));
    await this.#proxy.close();
  }

  async #start(jobName: string, start: PlannedStart, caller: number, round: number, isAlone: boolean) {
    const { client, lockIds } = this.#callers[caller] as Caller;
    const sentAt = this.#servers.now(this.#clock);
    const { mayTakeOver, deadline } = start;
    const retryInterval = mayTakeOver ? RETRY_INTERVAL : undefined;
    let answer: StartAnswer;
    let job: Job | null = null;
    try {
      const result = await client.startJob({ jobName, jobInterval: INTERVAL, retryInterval, deadline });
      if (result.started) job = result.job;
      answer = result.started ? grantOf(result.job) : { kind: "not started", reason: result.reason };
    } catch (error) {
      answer = failureOf(error);
    }
    const attempt: Attempt = { lockId: lockIds.at(-1) ?? "", mayTakeOver, round, isAlone, sentAt, answer, ends: [] };
    return { job, start, attempt };
  }
}

/** A client, and the lock ids of its starts. */
class Caller {
  readonly lockIds: string[] = [];
  readonly client: CronyxClient;

  constructor(url: string) {
    const newId = () => {
      const idempotencyKey = randomUUID();
      this.lockIds.push(lockIdOf(idempotencyKey));
      return idempotencyKey;
    };
    this.client = new CronyxClient(
      { url },
      {
        newId,
        async open(url, options) {
          const backend = await openBackend(url, options);
          return {
            start: backend.start.bind(backend),
            finish: backend.finish.bind(backend),
            interrupt: backend.interrupt.bind(backend),
            abandon: (lock) => backend.abandon(lock, deadlineIn(LONGEST_ABANDON)),
            renew: backend.renew.bind(backend),
            resume: backend.resume.bind(backend),
            skip: backend.skip.bind(backend),
            status: backend.status.bind(backend),
            states: backend.states.bind(backend),
            close: backend.close.bind(backend),
          };
        },
      },
    );
  }
}

async function end(job: Job | null, { ends, deadline }: PlannedStart, attempt: Attempt): Promise<void> {
  if (job === null) return;
  for (const end of ends) {
    const answer = await job[end]({ deadline }).then<EndAnswer, EndAnswer>(
      () => ({ kind: "done" }),
      (error: CronyxClientError) => (error.code === "lock-lost" ? { kind: "lost" } : failureOf(error)),
    );
    attempt.ends.push({ end, answer });
    if (answer.kind !== "error") return;
  }
}

function grantOf(job: Job): StartAnswer {
  return {
    kind: "started",
    id: job.id,
    intervalStartedAt: job.intervalStartedAt.getTime(),
    intervalEndedAt: job.intervalEndedAt.getTime(),
    createdAt: job.createdAt.getTime(),
  };
}

function failureOf(error: unknown): Failed {
  const { message, effect } = error as CronyxClientError;
  return { kind: "error", message, effect };
}

function optionsOfBackend() {
  return {
    token: "",
    credentials: { kind: "none" },
    userAgent: "cronyx-action",
    env: {},
    temporary: "",
    log: () => {},
    now: Date.now,
  } as const;
}
