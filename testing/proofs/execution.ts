import { LocalBackend } from "../../src/backend/local-backend.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import type { Instant } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../../src/store/job-store.ts";
import { type Call, Calls, type Script } from "./calls.ts";
import type { Scenario } from "./explorer.ts";
import type { Write } from "./violations.ts";

/** A number for each different sequence of texts. */
export class Histories {
  readonly #numbers = new Map<string, number>();

  /** @returns the number of the sequence that continues another one, 0 being the empty sequence. */
  after(history: number, text: string): number {
    const key = `${history} ${text}`;
    const number = this.#numbers.get(key) ?? this.#numbers.size + 1;
    this.#numbers.set(key, number);
    return number;
  }
}

interface Event {
  readonly is: string;
  happen(): Promise<void> | void;
}

interface SwapRequest {
  readonly is: "swap";
  readonly expected: string | null;
  readonly state: JobState;
  readonly call: Call;
}

type Request = { readonly is: "read"; readonly names: readonly string[] } | SwapRequest;

type Answer = Reading | Swap | ServiceError;

interface Waiting {
  readonly request: Request;
  /** The answer that is on its way. Null: the request is on its way. */
  readonly answer: Answer | null;
  /** Whether an earlier request of this swap, or the answer to it, got lost, so that the swap may have been made. */
  readonly uncertain: boolean;
  settle(answer: Answer): void;
}

/** A caller in one execution. */
interface Caller {
  readonly name: string;
  readonly calls: Calls;
  /** The number of the sequence of answers that it got. */
  history: number;
  waiting: Waiting | null;
  /** Ends the wait for the caller's next request, or for the end of its script. */
  paused: () => void;
}

/** One run of a scenario, from its beginning. Its user chooses the next event. */
export class Execution {
  readonly writes: Write[] = [];
  readonly #scenario: Scenario;
  readonly #histories: Histories;
  readonly #callers: Caller[] = [];
  readonly #documents = new Map<string, JobRecord>();
  readonly #own = new Map<JobState, string>();
  #now: Instant;
  #passed = 0;
  #isFaulted = false;
  /** A swap that is still on its way, although its caller has given it up. */
  #late: SwapRequest | null = null;
  /** The number of the sequence of writes. */
  #written = 0;

  static async begin(scenario: Scenario, histories: Histories): Promise<Execution> {
    const execution = new Execution(scenario, histories);
    for (const [index, script] of scenario.scripts.entries()) await execution.#enter(index, script);
    return execution;
  }

  private constructor(scenario: Scenario, histories: Histories) {
    this.#scenario = scenario;
    this.#histories = histories;
    this.#now = scenario.from;
    for (const state of scenario.documents ?? []) {
      this.#documents.set(state.name, { version: `first ${state.name}`, state });
    }
  }

  /** @returns a key that is equal for two executions if the same events can follow, and the properties see the same past. */
  key(): string {
    const callers = this.#callers.map(
      ({ history, waiting }) => `${history}${waiting?.answer ? "a" : ""}${waiting?.uncertain ? "u" : ""}`,
    );
    return [...callers, this.#written, this.#passed, this.#isFaulted, this.#late !== null].join(" ");
  }

  calls(): readonly Call[] {
    return this.#callers.flatMap(({ calls }) => calls.made);
  }

  /** The events that can happen next. */
  events(): readonly Event[] {
    const events = this.#callers.flatMap((caller) => this.#eventsOf(caller));
    if (events.length === 0 && this.#late === null) return events;
    return [...events, ...this.#lateArrival(), ...this.#passing()];
  }

  #eventsOf(caller: Caller): readonly Event[] {
    const { waiting, name } = caller;
    if (waiting === null) return [];
    const { request, answer } = waiting;
    if (answer !== null) return [{ is: `${name} gets the answer`, happen: () => this.#settle(caller, answer) }];
    const served = () => this.#serve(caller, waiting);
    if (request.is === "read") return [{ is: `${name} reads ${request.names}`, happen: served }];
    const swap = `${name} swaps (${request.call.is} ${request.call.id})`;
    const faults = this.#isFaulted || !this.#scenario.faulty ? [] : this.#faultsOf(caller, { waiting, request });
    return [
      { is: swap, happen: served },
      ...faults.map(({ is, happen }) => ({
        is: `${swap}: ${is}`,
        happen: () => {
          this.#isFaulted = true;
          return happen();
        },
      })),
    ];
  }

  #faultsOf(
    caller: Caller,
    { waiting, request }: { readonly waiting: Waiting; readonly request: SwapRequest },
  ): readonly Event[] {
    const loseAnswer = (first: () => void) => this.#settle(caller, lost(), first);
    const swap = () => {
      this.#swap(request);
    };
    const delay = () => {
      this.#late = request;
    };
    return [
      { is: "the request gets lost", happen: () => loseAnswer(() => {}) },
      { is: "the request comes late", happen: () => loseAnswer(delay) },
      { is: "the answer gets lost", happen: () => loseAnswer(swap) },
      { is: "the store sends the request again", happen: () => this.#again(caller, waiting) },
      {
        is: "the answer gets lost and the store sends the request again",
        happen: () => {
          swap();
          this.#again(caller, waiting);
        },
      },
    ];
  }

  #lateArrival(): readonly Event[] {
    const late = this.#late;
    if (late === null) return [];
    const happen = () => {
      this.#late = null;
      this.#swap(late);
    };
    return [{ is: `the late swap arrives (${late.call.is} ${late.call.id})`, happen }];
  }

  #passing(): readonly Event[] {
    const passing = this.#scenario.passing?.[this.#passed];
    if (passing === undefined) return [];
    const happen = () => {
      this.#passed++;
      this.#now += passing;
    };
    return [{ is: `${passing} ms pass`, happen }];
  }

  async #enter(index: number, script: Script): Promise<void> {
    const name = String.fromCharCode("a".charCodeAt(0) + index);
    const now = () => this.#now;
    let caller: Caller | null = null;
    const ask = (request: Request) =>
      new Promise<Answer>((settle) => {
        if (caller === null) throw new Error("The caller has not entered yet");
        caller.waiting = { request, answer: null, uncertain: false, settle };
        caller.paused();
      });
    let calls: Calls | null = null;
    const store: JobStore = {
      read: async (names) => (await answered(ask({ is: "read", names }))) as Reading,
      swap: async (expected, state) => {
        const call = calls?.made.at(-1);
        if (call === undefined) throw new Error("A swap without a call");
        return (await answered(ask({ is: "swap", expected, state, call }))) as Swap;
      },
      list: async () => [],
      close: async () => {},
    };
    calls = new Calls(name, new LocalBackend({ store, now, monotonic: now, log: () => {} }), now);
    caller = { name, calls, history: 0, waiting: null, paused: () => {} };
    this.#callers.push(caller);
    const entered = caller;
    await new Promise<void>((resolve, reject) => {
      entered.paused = resolve;
      script(entered.calls).then(() => entered.paused(), reject);
    });
  }

  #serve(caller: Caller, waiting: Waiting): Promise<void> | void {
    const { request, uncertain } = waiting;
    if (request.is === "read") {
      const records = new Map(
        request.names.flatMap((name) => {
          const record = this.#documents.get(name);
          return record === undefined ? [] : [[name, record] as const];
        }),
      );
      return this.#settle(caller, { records, now: null });
    }
    const answer = this.#swap(request, uncertain);
    if (!this.#scenario.slowAnswers) return this.#settle(caller, answer);
    caller.history = this.#histories.after(caller.history, shownAnswer(answer));
    caller.waiting = { ...waiting, answer };
  }

  /** The store gets no answer, and sends the request once more. */
  #again(caller: Caller, waiting: Waiting): void {
    caller.waiting = { ...waiting, uncertain: true };
  }

  #swap({ expected, state, call }: SwapRequest, uncertain = false): Swap {
    const before = this.#documents.get(state.name) ?? null;
    if (uncertain && before !== null && this.#own.get(state) === before.version) return { version: before.version };
    if ((before?.version ?? null) !== expected) return { version: null, effect: uncertain ? "possible" : "none" };
    const text = JSON.stringify(state);
    this.#written = this.#histories.after(this.#written, `${call.is} ${call.id} ${this.#now} ${text}`);
    const version = `v${this.#written}`;
    this.#own.set(state, version);
    this.#documents.set(state.name, { version, state: JSON.parse(text) });
    const others = new Map([...this.#documents].map(([name, record]) => [name, record.state]));
    this.writes.push({ call, before: before?.state ?? null, after: state, at: this.#now, others });
    return { version };
  }

  /** Gives a caller its answer, and waits until it sends its next request or its script has ended. */
  async #settle(caller: Caller, answer: Answer, first: () => void = () => {}): Promise<void> {
    first();
    const { waiting } = caller;
    if (waiting === null) throw new Error("The caller does not wait");
    caller.history = this.#histories.after(caller.history, `${shownAnswer(answer)} ${this.#now}`);
    caller.waiting = null;
    const paused = new Promise<void>((resolve) => {
      caller.paused = resolve;
    });
    waiting.settle(answer);
    await paused;
  }
}

function lost(): ServiceError {
  return new ServiceError("unreachable", {
    place: "memory",
    problem: "lost the request or its answer",
    effect: "possible",
  });
}

async function answered(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer instanceof ServiceError) throw answer;
  return answer;
}

function shownAnswer(answer: Answer): string {
  if (answer instanceof ServiceError) return "lost";
  if ("records" in answer) return [...answer.records].map(([name, { version }]) => `${name}=${version}`).join();
  return answer.version ?? answer.effect;
}
