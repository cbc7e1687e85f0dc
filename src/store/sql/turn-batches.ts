import { setImmediate as nextTurn } from "node:timers/promises";

/** Gathers what is asked for in one turn of the event loop, and asks the database for all of it at once. */
export class TurnBatches<Item, Result> {
  readonly #run: (items: readonly Item[]) => Result | Promise<Result>;
  /** The batch of this turn. */
  #open: { readonly items: Item[]; readonly result: Promise<Result> } | null = null;

  constructor(run: (items: readonly Item[]) => Result | Promise<Result>) {
    this.#run = run;
  }

  /** @returns what the whole batch comes to. @throws what kept it from being run: then that holds for each of its items. */
  add(item: Item): Promise<Result> {
    this.#open ??= this.#begin();
    this.#open.items.push(item);
    return this.#open.result;
  }

  #begin() {
    const items: Item[] = [];
    const result = nextTurn().then(() => {
      this.#open = null;
      return this.#run(items);
    });
    return { items, result };
  }
}
