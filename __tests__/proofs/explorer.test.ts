import { expect, test } from "@jest/globals";
import { explore } from "../../testing/proofs/explorer.ts";
import { LONG, SHORT } from "../../testing/proofs/scenarios.ts";

const SCENARIOS = process.env.EXPLORER === "long" ? LONG : SHORT;

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  "one holder, tiling, no future, order, fencing: in every order of the store's answers, %s",
  async (name, scenario) => {
    const { executions, ends, states, outcomes, violation } = await explore(scenario);
    const counts = [...outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(", ");
    process.stdout.write(`${name}: ${executions} executions, ${states} states, ${ends} ends. ${counts}\n`);
    expect(violation).toBeNull();
  },
  180_000,
);
