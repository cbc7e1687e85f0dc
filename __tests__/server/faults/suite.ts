import { setTimeout as pause } from "node:timers/promises";
import { expect } from "@jest/globals";
import { brokenPromises } from "./broken-promises.ts";
import { numbersOf } from "./plan.ts";
import { type EndTold, Lane, type StartTold, type Story } from "./play.ts";
import { ClockedServers } from "./servers.ts";

/** The seed that is played alone, if the environment has one. */
const { SEED } = process.env;
/** How many stories go on at once: they wait most of the time. */
const LANES = 250;
const FEW_LANES = 10;
const MOST_MORE = 500;
/** Milliseconds from one kill of a server to the next. */
const KILLS_APART = 3_000;

export interface Setting {
  readonly firstSeed: number;
  readonly lastSeed: number;
  /** The `JOB_STORE_URL`. */
  readonly url: string;
  /** How many processes serve it at a time. */
  readonly processes: number;
  /** Breaks or blocks the servers' way to the database for a moment, and draws how from these numbers of 0 to 999. */
  readonly disturb: (drawn: () => number) => Promise<void>;
}

/** Plays all seeds, while the database is disturbed and servers are killed, and checks what callers were promised. */
export async function playAll({ firstSeed, lastSeed, url, processes, disturb }: Setting): Promise<void> {
  const seeds = SEED ? [Number(SEED)] : seedsFrom(firstSeed, lastSeed - firstSeed + 1);
  const servers = await ClockedServers.start(url, processes);
  const stories: Story[] = [];
  let playing = true;
  const nuisance = [disturbing(), killing()];
  try {
    await play(seeds, LANES);
    // Where the machine is busy, deadlines end most calls of so many stories at once. A few at once have time for the rest.
    for (let more = 0; !SEED && missing().length > 0 && more < MOST_MORE; more += FEW_LANES) {
      await play(seedsFrom(lastSeed + 1 + more, FEW_LANES), FEW_LANES);
    }
  } finally {
    playing = false;
    await Promise.all(nuisance).finally(() => servers.close());
  }
  expect(servers.crashes).toBe(0);
  const broken = stories.flatMap((story) => brokenPromises(story).map((promise) => `SEED=${story.seed}: ${promise}`));
  expect(broken).toEqual([]);
  if (!SEED) expect(missing()).toEqual([]);

  async function play(some: readonly number[], lanes: number) {
    const queue = some.values();
    await Promise.all(
      Array.from({ length: Math.min(lanes, some.length) }, async () => {
        const lane = await Lane.open(servers);
        for (const seed of queue) stories.push(await lane.play(seed));
        await lane.close();
      }),
    );
  }

  function missing() {
    const counts = toldIn(stories);
    return ALL.filter((what) => counts[what] === undefined);
  }

  async function disturbing() {
    const drawn = numbersOf(0, 999);
    while (playing) await disturb(drawn);
  }

  /** In turns a server that is followed by another at once, and one that leaves nobody to ask for a while. */
  async function killing() {
    for (let kills = 0; playing; kills++) {
      for (let waited = 0; playing && waited < KILLS_APART; waited += 50) await pause(50);
      if (!playing) return;
      if (kills % 2 === 0) await servers.add();
      await servers.kill();
      if (kills % 2 === 1) await servers.add();
    }
  }
}

function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

/** What comes about somewhere in that many stories: else they would show nothing. */
const ALL = [
  ...["started", "not started", "error", "error with a possible effect"].map((told) => `start: ${told}`),
  ...["done", "lost", "error with a possible effect"].flatMap((told) => [`finish: ${told}`, `interrupt: ${told}`]),
  ...["finished", "interrupted", "taken-over", "active"].map((outcome) => `run: ${outcome}`),
];

/** How often what was told, and what came of the runs. */
function toldIn(stories: readonly Story[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const shown = (told: StartTold | EndTold) =>
    told.kind === "error" && told.effect === "possible" ? "error with a possible effect" : told.kind;
  for (const { attempts, state } of stories) {
    for (const { told, ends } of attempts) {
      count(`start: ${shown(told)}`);
      for (const { end, told } of ends) count(`${end}: ${shown(told)}`);
    }
    for (const { outcome } of state?.history ?? []) count(`run: ${outcome}`);
    if (state?.active) count("run: active");
  }
  return counts;
}
