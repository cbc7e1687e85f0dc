import { setImmediate as nextTurn } from "node:timers/promises";

/** Collects the items of one turn of the event loop and runs them as one batch. */
export class TurnBatches<Item, Result> {
  readonly #run: (items: readonly Item[]) => Result | Promise<Result>;
  /** The batch that items of this turn join. */
  #open: { readonly items: Item[]; readonly result: Promise<Result> } | null = null;

  constructor(run: (items: readonly Item[]) => Result | Promise<Result>) {
    this.#run = run;
  }

  /** @returns the result of the whole batch. @throws its failure, which then is the failure of each of its items. */
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
