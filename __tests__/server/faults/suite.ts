import { setTimeout as pause } from "node:timers/promises";
import { expect } from "@jest/globals";
import { numbersOf } from "./plan.ts";
import { type EndAnswer, Player, type Sequence, type StartAnswer } from "./play.ts";
import { ClockedServers } from "./servers.ts";
import { violationsIn } from "./violations.ts";

/** The only seed that is played, if the environment has one. */
const ONLY_SEED = process.env.SEED ? Number(process.env.SEED) : null;
/** How many sequences are played at once. They wait most of the time. */
const PLAYERS = 250;
const FEW_PLAYERS = 10;
/** The most seeds after the last one that are played until each kind of answer has occurred. */
const MOST_FURTHER_SEEDS = 500;
/** Milliseconds from one kill of a server to the next. */
const KILLS_APART = 3_000;

export interface Setting {
  readonly firstSeed: number;
  readonly lastSeed: number;
  /** The `JOB_STORE_URL`. */
  readonly url: string;
  /** The number of servers on the database. */
  readonly processes: number;
  /** Breaks or blocks the connections to the database for a moment. @param draw Returns a random number from 0 to 999. */
  readonly disturb: (draw: () => number) => Promise<void>;
}

/** Plays all seeds while the database is disturbed and servers are killed, and checks the properties of each sequence. */
export async function playAll({ firstSeed, lastSeed, url, processes, disturb }: Setting): Promise<void> {
  const servers = await ClockedServers.start(url, processes);
  const sequences: Sequence[] = [];
  let isPlaying = true;
  const disturbances = [disturbing(), killing()];
  try {
    if (ONLY_SEED !== null) await play([ONLY_SEED], 1);
    else {
      await play(seedsFrom(firstSeed, lastSeed - firstSeed + 1), PLAYERS);
      // On a busy machine most calls of so many players reach their deadlines. The calls of a few players have enough time.
      for (let further = 0; missingKinds().length > 0 && further < MOST_FURTHER_SEEDS; further += FEW_PLAYERS) {
        await play(seedsFrom(lastSeed + 1 + further, FEW_PLAYERS), FEW_PLAYERS);
      }
    }
  } finally {
    isPlaying = false;
    await Promise.all(disturbances).finally(() => servers.close());
  }
  expect(servers.crashes).toBe(0);
  const violations = sequences.flatMap((sequence) =>
    violationsIn(sequence).map((violation) => `SEED=${sequence.seed}: ${violation}`),
  );
  expect(violations).toEqual([]);
  if (ONLY_SEED === null) expect(missingKinds()).toEqual([]);

  async function play(seeds: readonly number[], players: number) {
    const queue = seeds.values();
    await Promise.all(
      Array.from({ length: Math.min(players, seeds.length) }, async () => {
        const player = await Player.open(servers);
        for (const seed of queue) sequences.push(await player.play(seed));
        await player.close();
      }),
    );
  }

  function missingKinds() {
    const counts = countsOf(sequences);
    return EXPECTED.filter((kind) => counts[kind] === undefined);
  }

  async function disturbing() {
    const draw = numbersOf(0, 999);
    while (isPlaying) await disturb(draw);
  }

  /** Kills a server again and again. Another one starts before each first kill, and only after each second one. */
  async function killing() {
    for (let kills = 0; isPlaying; kills++) {
      for (let waited = 0; isPlaying && waited < KILLS_APART; waited += 50) await pause(50);
      if (!isPlaying) return;
      if (kills % 2 === 0) await servers.add();
      await servers.kill();
      if (kills % 2 === 1) await servers.add();
    }
  }
}

function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}

/** The kinds of answers and runs that must occur. Without one of them, the sequences would show less. */
const EXPECTED = [
  ...["started", "not started", "error", "error with a possible effect"].map((answer) => `start: ${answer}`),
  ...["done", "lost", "error with a possible effect"].flatMap((answer) => [
    `finish: ${answer}`,
    `interrupt: ${answer}`,
  ]),
  ...["finished", "interrupted", "taken-over", "active"].map((outcome) => `run: ${outcome}`),
];

/** @returns how often each kind of answer and run occurred. */
function countsOf(sequences: readonly Sequence[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (kind: string) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  const shown = (answer: StartAnswer | EndAnswer) =>
    answer.kind === "error" && answer.effect === "possible" ? "error with a possible effect" : answer.kind;
  for (const { attempts, state } of sequences) {
    for (const { answer, ends } of attempts) {
      count(`start: ${shown(answer)}`);
      for (const { end, answer } of ends) count(`${end}: ${shown(answer)}`);
    }
    for (const { outcome } of state?.history ?? []) count(`run: ${outcome}`);
    if (state?.active) count("run: active");
  }
  return counts;
}
