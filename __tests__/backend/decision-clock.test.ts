import { expect, test } from "@jest/globals";
import { DecisionClock } from "../../src/backend/decision-clock.ts";
import { HOUR, SECOND } from "../../src/scheduler/instant.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");

let log: string[];
let local: number;

function clock(): DecisionClock {
  [log, local] = [[], NOON];
  return new DecisionClock({ local: () => local, log: (line) => log.push(line) });
}

test.each([
  ["ahead of", HOUR],
  ["behind", -HOUR],
])("decisions go by the store's clock where it is %s the local one, until the next reading", (_, difference) => {
  const decisions = clock();
  expect(decisions.read(NOON + difference)).toBe(NOON + difference);
  local += SECOND;
  expect(decisions.now()).toBe(NOON + difference + SECOND);
  expect(decisions.read(local)).toBe(local);
  expect(decisions.now()).toBe(local);
});

test.each([2 * SECOND, -2 * SECOND])("decisions go by the local clock at a difference of %d ms", (difference) => {
  const decisions = clock();
  expect(decisions.read(NOON + difference)).toBe(NOON);
  expect(decisions.now()).toBe(NOON);
  expect(log).toEqual([]);
});

test("decisions go by the local clock where the store has none", () => {
  const decisions = clock();
  decisions.read(NOON + HOUR);
  expect(decisions.read(null)).toBe(NOON);
  expect(decisions.now()).toBe(NOON);
});

test("a difference of the clocks is logged once", () => {
  const decisions = clock();
  for (let reading = 0; reading < 3; reading++) decisions.read(NOON + HOUR);
  expect(log).toEqual([
    "The clock of this machine says 2026-11-24T12:00:00.000Z, and the clock of the store 2026-11-24T13:00:00.000Z: decisions go by the store's",
  ]);
});
