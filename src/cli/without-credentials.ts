import type { Environment } from "../network/environment.ts";

const CREDENTIALS = ["CRONYX_TOKEN", "CRONYX_USERNAME", "CRONYX_PASSWORD"];

/**
 * The environment for a command, which does its own work and ends no lock. Windows takes `Cronyx_Token` and `CRONYX_TOKEN` for one
 * variable, and lists it as it was set.
 */
export function withoutCredentials(env: Environment, platform: NodeJS.Platform): Environment {
  const nameOf = (name: string) => (platform === "win32" ? name.toUpperCase() : name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !CREDENTIALS.includes(nameOf(name))));
}
