import type { Location } from "../location/location.ts";
import type { Environment } from "../network/environment.ts";
import { type FailRule, parseFailRules } from "../scheduler/fail-when.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { loadBoolean, loadDeadline, loadGitHubToken, loadItems, loadLocation } from "./inputs.ts";
import { type Login, loadLogin } from "./login.ts";
import type { Toolkit } from "./toolkit.ts";

/** The inputs of `status/action.yml`, checked. */
export interface StatusInputs {
  /** Null: all jobs. */
  readonly jobNames: readonly string[] | null;
  readonly rules: readonly FailRule[];
  readonly location: Location;
  readonly login: Login;
  /** In milliseconds. */
  readonly deadline: number;
  readonly githubToken: string;
  readonly hasSummary: boolean;
}

/** @throws ArgumentError for the first wrong input, before anything is sent. */
export async function loadStatusInputs(toolkit: Toolkit, env: Environment): Promise<StatusInputs> {
  const location = loadLocation(toolkit, env);
  const names = [...new Set(loadItems(toolkit, "job-names"))];
  for (const name of names) checkJobName(name, "job-names");
  const githubToken = loadGitHubToken(toolkit);
  return {
    jobNames: names.length === 0 ? null : names,
    rules: await parseFailRules(loadItems(toolkit, "fail-when"), ["disabled"]),
    location,
    deadline: loadDeadline(toolkit, "start"),
    githubToken,
    hasSummary: loadBoolean(toolkit, "summary", true),
    login: loadLogin(toolkit, location),
  };
}
