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
  // Once a parent has ended, nothing tells whose child a process was. So each process that was found once stays in the tree.
  const tree = new Set([pid]);
  let targets = await targetsIn(tree, pid);
  for (const [signal, ms] of [
    ["SIGINT", BEFORE_TERMINATE],
    ["SIGTERM", BEFORE_KILL],
    ["SIGKILL", BEFORE_KILL],
  ] as const) {
    for (const target of targets) send(target, signal);
    await untilEnded(targets, ms);
    // A process may have left the group meanwhile.
    targets = await targetsIn(tree, pid);
    if (targets.length === 0) return;
  }
}

/**
 * @param tree Gets all descendants of its processes too.
 * @param leader The leader of the process group.
 * @returns the targets of a signal: the group, with a minus sign, and the processes of the tree in other groups.
 */
async function targetsIn(tree: Set<number>, leader: number): Promise<readonly number[]> {
  const all = await processes();
  // The set grows while it is read, and is read to its end.
  for (const parent of tree) for (const process of all) if (process.parent === parent) tree.add(process.pid);
  const elsewhere = all.filter(({ pid, group }) => tree.has(pid) && group !== leader).map(({ pid }) => pid);
  return send(-leader, 0) ? [-leader, ...elsewhere] : elsewhere;
}

interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
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

async function untilEnded(targets: readonly number[], ms: number): Promise<void> {
  for (let waited = 0; waited < ms && targets.some((target) => send(target, 0)); waited += BETWEEN_LOOKS) {
    await pause(BETWEEN_LOOKS);
  }
}
