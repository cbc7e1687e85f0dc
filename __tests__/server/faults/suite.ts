import { setTimeout as pause } from "node:timers/promises";
import { expect } from "@jest/globals";
import { numbersOf } from "./plan.ts";
import { type EndAnswer, Player, type Sequence, type StartAnswer } from "./play.ts";
import { ClockedServers } from "./servers.ts";
import { violationsIn } from "./violations.ts";

/** The seeds that are played: 500, or the one in the variable SEED. */
const SEEDS = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 500 }, (_, at) => at + 1);
/** How many sequences are played at once. They wait most of the time. */
const PLAYERS = 250;
/** Milliseconds from one kill of a server to the next. */
const KILLS_APART = 3_000;

export interface Setting {
  /** The `JOB_STORE_URL`. */
  readonly url: string;
  /** The number of servers on the database. */
  readonly processes: number;
  /** Breaks or blocks the connections to the database for a moment. @param draw Returns a random number from 0 to 999. */
  readonly disturb: (draw: () => number) => Promise<void>;
}

/** Plays all seeds while the database is disturbed and servers are killed, and checks the properties of each sequence. */
export async function playAll({ url, processes, disturb }: Setting): Promise<void> {
  const players = Math.min(PLAYERS, SEEDS.length);
  const servers = await ClockedServers.start(url, processes);
  const sequences: Sequence[] = [];
  let isPlaying = true;
  const disturbances = [disturbing(), killing()];
  const queue = SEEDS.values();
  try {
    await Promise.all(
      Array.from({ length: players }, async () => {
        const player = await Player.open(servers);
        for (const seed of queue) sequences.push(await player.play(seed));
        await player.close();
      }),
    );
  } finally {
    isPlaying = false;
    await Promise.all(disturbances).finally(() => servers.close());
  }
  expect(servers.crashes).toBe(0);
  const violations = sequences.flatMap((sequence) =>
    violationsIn(sequence).map((violation) => `SEED=${sequence.seed}: ${violation}`),
  );
  expect(violations).toEqual([]);
  const counts = countsOf(sequences);
  if (SEEDS.length > 1) expect(EXPECTED.filter((kind) => counts[kind] === undefined)).toEqual([]);

  async function disturbing() {
    const draw = numbersOf(0, 999);
    while (isPlaying) await disturb(draw);
  }

  /** Starts another server before each first kill, and after each second one, so that no server is reachable for a while. */
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
