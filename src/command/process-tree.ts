import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

/** In milliseconds. The runner waits 7.5 s after its first signal, and the lock must be interrupted within that time too. */
const BEFORE_TERMINATE = 2000;
const BEFORE_KILL = 1000;
const BETWEEN_LOOKS = 25;

/**
 * Ends a command that leads a process group of its own, with all of its descendants: by SIGINT, as the runner does, then by
 * SIGTERM, and after 3 seconds by SIGKILL. Windows has no such signals, so `taskkill` ends the tree there at once.
 *
 * A descendant that has left the group is found by its parents. One whose parents have all ended, a daemon, is not found.
 */
export async function endProcessTree(pid: number, platform: NodeJS.Platform): Promise<void> {
  if (platform === "win32") {
    // It fails if the command has ended already.
    await promisify(execFile)("taskkill", ["/PID", String(pid), "/T", "/F"]).catch(() => {});
    return;
  }
  // Once a parent has ended, nothing tells whose child a process was.
  const elsewhere = (await descendantsOf(pid)).filter(({ group }) => group !== pid);
  const targets = [-pid, ...elsewhere.map((process) => process.pid)];
  for (const [signal, ms] of [
    ["SIGINT", BEFORE_TERMINATE],
    ["SIGTERM", BEFORE_KILL],
  ] as const) {
    for (const target of targets) send(target, signal);
    if (await allEnd(targets, ms)) return;
  }
  for (const target of targets) send(target, "SIGKILL");
  await allEnd(targets, BEFORE_KILL);
}

interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

async function descendantsOf(pid: number): Promise<readonly ListedProcess[]> {
  const all = await processes();
  const found = all.filter((process) => process.pid === pid);
  // The list grows while it is read, and is read to its end.
  for (const { pid: parent } of found) found.push(...all.filter((process) => process.parent === parent));
  return found;
}

/** @returns no process where `ps` is missing: then the process group alone is ended. */
async function processes(): Promise<readonly ListedProcess[]> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,pgid="]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => {
        const [pid = 0, parent = 0, group = 0] = line.trim().split(/\s+/).map(Number);
        return { pid, parent, group };
      });
  } catch {
    return [];
  }
}

/** @param target A process, or a process group with a minus sign. @returns whether there is one. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function allEnd(targets: readonly number[], ms: number): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += BETWEEN_LOOKS) {
    if (!targets.some((target) => send(target, 0))) return true;
    await pause(BETWEEN_LOOKS);
  }
  return false;
}
