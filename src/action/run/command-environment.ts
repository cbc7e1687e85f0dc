import type { Environment } from "../../network/environment.ts";

/**
 * The variables that the runner sets for an action only. A step with `run` has none of them, and they hold secrets: inputs
 * such as the token, and the tokens of the runner's own services.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/NodeScriptActionHandler.cs
 */
const OF_ACTIONS_ONLY =
  /^(?:INPUT_.*|STATE_.*|GITHUB_STATE|ACTIONS_RUNTIME_.*|ACTIONS_CACHE_URL|ACTIONS_CACHE_SERVICE_V2|ACTIONS_RESULTS_URL)$/i;

/** @returns the environment of the command: that of a step with `run`, and the interval. */
export function commandEnvironment(env: Environment, interval: Readonly<Record<string, string>>): Environment {
  const inherited = Object.entries(env).filter(([name]) => !OF_ACTIONS_ONLY.test(name));
  return { ...Object.fromEntries(inherited), ...interval };
}
