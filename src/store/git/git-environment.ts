import type { RepositoryLocation } from "../../location/location.ts";
import type { Environment } from "../../network/environment.ts";

const SSH = /^GIT_SSH(_COMMAND|_VARIANT)?$/i;
const LEFT_OUT = /^(GIT|INPUT|STATE|ACTIONS)_|^CRONYX_(TOKEN|USERNAME|PASSWORD)$/i;

/**
 * @returns the environment in which git runs. Of git's own variables it has only those about running ssh: others could name
 *   another repository, configuration or hooks. It lacks the runner's inputs and tokens, and the logins of the commands: the hooks
 *   of a repository on this machine would see them.
 */
export function environmentFrom(env: Environment): Record<string, string> {
  const inherited = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && (!LEFT_OUT.test(name) || SSH.test(name)) ? [[name, value] as const] : [],
  );
  return {
    // Asks nothing, and ends a connection that cannot be made within 15 s, or that gives no sign of life for 45 s.
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15",
    ...Object.fromEntries(inherited),
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}

/** @returns the whole git configuration, which replaces the user's and the system's. */
export function configurationFor({ transport }: RepositoryLocation): string {
  // For a repository on this machine, the git process at the other end reads this configuration too. So nothing here
  // may change what it does: its hooks, its housekeeping.
  const lines = [
    // git unpacks all objects that it fetches into files, since they are read without git.
    "[fetch]\n\tunpackLimit = 1000000",
  ];
  // git wants consent for a repository that another user owns. Naming it in `url` is that consent. It cannot be given
  // for the one folder: git compares the folder that it opens in the end, such as a `.git` inside.
  if (transport === "file") lines.push("[safe]\n\tdirectory = *");
  return `${lines.join("\n")}\n`;
}
