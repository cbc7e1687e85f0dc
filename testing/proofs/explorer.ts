import type { Instant } from "../../src/scheduler/instant.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { Script } from "./calls.ts";
import { Execution, Histories } from "./execution.ts";
import { violationIn } from "./violations.ts";

// A search through every order in which the store can serve the requests of several backends. An execution runs the real
// LocalBackend of each caller until it waits for the store, and then takes one of the possible events. The next execution
// starts from the beginning and takes another event at the last choice that has one left. Where an execution comes to a
// state that an earlier one was in, it stops: a caller's code depends on the answers that it got and on nothing else, so
// the rest is known.

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

interface Explored {
  /** How often the search began from the beginning. */
  readonly executions: number;
  /** The executions that ended in a state in which no earlier one ended. */
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
