import { LocalBackend } from "../../src/backend/local-backend.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import type { Instant } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { JobRecord, JobStore, Reading, Swap } from "../../src/store/job-store.ts";
import { type Call, Calls, type Script } from "./calls.ts";
import { violationIn, type Write } from "./violations.ts";

// A search through every order in which the store can serve the requests of several backends. An execution runs the real
// LocalBackend of each caller until it waits for the store, and then takes one of the possible events. The next execution
// starts from the beginning and takes another event at the last choice that has one left. Where an execution comes to a
// state that an earlier one was in, it stops: a caller's code depends on the answers that it got and on nothing else, so
// what follows is known.

export interface Scenario {
  readonly name: string;
  /** When the scenario begins. */
  readonly from: Instant;
  readonly scripts: readonly Script[];
  /** The documents that are there at the beginning. */
  readonly documents?: readonly JobState[];
  /** How far the time moves on, each entry at any point of the execution and in this order. */
  readonly passing?: readonly number[];
  /** Whether one request or answer of a swap gets lost or comes late, at any point of the execution. */
  readonly faulty?: boolean;
  /** Whether the answer to a swap arrives as an event of its own. Default: together with the swap. */
  readonly slowAnswers?: boolean;
}

export interface Explored {
  /** How often the search began from the beginning. */
  readonly executions: number;
  /** The executions that came to an end which no earlier one had. */
  readonly ends: number;
  readonly states: number;
  /** How often a call ended in each way, over all ends. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The first violation of a property, and the events that led to it. */
  readonly violation: string | null;
}

export async function explore(scenario: Scenario): Promise<Explored> {
  const histories = new Histories();
  const seen = new Set<string>();
  const outcomes = new Map<string, number>();
  const choices: { taken: number; of: number }[] = [];
  let [executions, ends] = [0, 0];
  for (;;) {
    executions++;
    const execution = await Execution.begin(scenario, histories);
    const trace: string[] = [];
    let isNew = true;
    for (let depth = 0; ; depth++) {
      const events = execution.events();
      if (depth >= choices.length) {
        const key = execution.key();
        isNew = !seen.has(key);
        seen.add(key);
        if (!isNew || events.length === 0) break;
        choices.push({ taken: 0, of: events.length });
      }
      const event = events[choices[depth]?.taken ?? 0];
      if (event === undefined)
        throw new Error("A replayed execution took another course: its code is not deterministic");
      trace.push(event.is);
      await event.happen();
    }
    if (isNew) {
      ends++;
      for (const { is, result } of execution.calls()) {
        const outcome = `${is}: ${result.is}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      const violation = violationIn(execution.writes, execution.calls(), scenario.documents ?? []);
      if (violation !== null) {
        const shown = `${violation}\n  ${trace.join("\n  ")}`;
        return { executions, ends, states: seen.size, outcomes, violation: shown };
      }
    }
    let last = choices.at(-1);
    while (last !== undefined && last.taken + 1 >= last.of) {
      choices.pop();
      last = choices.at(-1);
    }
    if (last === undefined) return { executions, ends, states: seen.size, outcomes, violation: null };
    last.taken++;
  }
}

/** A number for each different sequence of texts. */
class Histories {
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

type Request =
  | { readonly is: "read"; readonly names: readonly string[] }
  | { readonly is: "swap"; readonly expected: string | null; readonly state: JobState; readonly call: Call };

type Answer = Reading | Swap | ServiceError;

interface Waiting {
  readonly request: Request;
  /** The answer that is on its way. Null: the request is on its way. */
  readonly answer: Answer | null;
  /** The version that a request or an answer of this swap which got lost wrote or would have written. */
  readonly uncertain: boolean;
  settle(answer: Answer): void;
}

/** What one execution keeps of a caller. */
interface Caller {
  readonly name: string;
  readonly calls: Calls;
  /** The number of the sequence of answers that it got. */
  history: number;
  waiting: Waiting | null;
  /** Ends the wait for the caller's next request, or for the end of its script. */
  paused: () => void;
}

/** A swap whose caller gave it up, and which is still on its way. */
interface Late {
  readonly request: Request & { readonly is: "swap" };
}

class Execution {
  readonly writes: Write[] = [];
  readonly #scenario: Scenario;
  readonly #histories: Histories;
  readonly #callers: Caller[] = [];
  readonly #documents = new Map<string, JobRecord>();
  readonly #own = new Map<JobState, string>();
  #now: Instant;
  #passed = 0;
  #isFaulted = false;
  #late: Late | null = null;
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

  /** All that decides what can still happen, and what a property can see of what has happened. */
  key(): string {
    const callers = this.#callers.map(
      ({ history, waiting }) => `${history}${waiting?.answer ? "a" : ""}${waiting?.uncertain ? "u" : ""}`,
    );
    return [...callers, this.#written, this.#passed, this.#isFaulted, this.#late !== null].join(" ");
  }

  calls(): readonly Call[] {
    return this.#callers.flatMap(({ calls }) => calls.made);
  }

  /** All that can happen next. */
  events(): readonly Event[] {
    const events: Event[] = [];
    for (const caller of this.#callers) {
      const { waiting, name } = caller;
      if (waiting === null) continue;
      const { request, answer } = waiting;
      if (answer !== null) {
        events.push({ is: `${name} gets the answer`, happen: () => this.#settle(caller, answer) });
        continue;
      }
      const what =
        request.is === "read"
          ? `${name} reads ${request.names}`
          : `${name} swaps (${request.call.is} ${request.call.id})`;
      events.push({ is: what, happen: () => this.#serve(caller, waiting) });
      if (request.is !== "swap" || this.#isFaulted || !this.#scenario.faulty) continue;
      const faults: [string, () => Promise<void> | void][] = [
        ["the request gets lost", () => this.#settle(caller, lost())],
        [
          "the request comes late",
          () =>
            this.#settle(caller, lost(), () => {
              this.#late = { request };
            }),
        ],
        [
          "the answer gets lost",
          () =>
            this.#settle(caller, lost(), () => {
              this.#swap(request);
            }),
        ],
        ["the store sends the request again", () => this.#again(caller, waiting)],
        [
          "the answer gets lost and the store sends the request again",
          () => {
            this.#swap(request);
            this.#again(caller, waiting);
          },
        ],
      ];
      for (const [fault, happen] of faults) {
        events.push({
          is: `${what}: ${fault}`,
          happen: () => {
            this.#isFaulted = true;
            return happen();
          },
        });
      }
    }
    if (events.length === 0 && this.#late === null) return events;
    const late = this.#late;
    if (late !== null) {
      events.push({
        is: `the late swap arrives (${late.request.call.is} ${late.request.call.id})`,
        happen: () => {
          this.#late = null;
          this.#swap(late.request);
        },
      });
    }
    const passing = this.#scenario.passing?.[this.#passed];
    if (passing !== undefined) {
      events.push({
        is: `${passing} ms pass`,
        happen: () => {
          this.#passed++;
          this.#now += passing;
        },
      });
    }
    return events;
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

  /** The store itself finds that it has no answer, and sends the request once more. */
  #again(caller: Caller, waiting: Waiting): void {
    caller.waiting = { ...waiting, uncertain: true };
  }

  #swap({ expected, state, call }: Request & { readonly is: "swap" }, uncertain = false): Swap {
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
