import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pauseFor } from "node:timers/promises";
import { promisify } from "node:util";

/** In milliseconds. The runner waits 7.5 s after its first signal, and the lock must be interrupted within that time too. */
const BEFORE_TERMINATE = 2000;
const BEFORE_KILL = 1000;
const BETWEEN_LOOKS = 25;

export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** The processes of this machine. Tests pass their own. */
export interface ProcessTable {
  /** This very process. */
  readonly self: number;
  /** @returns no process where they cannot be listed: then the process group alone is ended. */
  readonly list: () => Promise<readonly ListedProcess[]>;
  /** @param target A process, or a process group with a minus sign. @returns whether there is one. */
  readonly send: (target: number, signal: NodeJS.Signals | 0) => boolean;
  readonly pause: (ms: number) => Promise<void>;
}

const THIS_MACHINE: ProcessTable = { self: process.pid, list: processes, send, pause: (ms) => pauseFor(ms) };

/**
 * Ends a command that leads a process group of its own, with all of its descendants: by SIGINT, as the runner does, then by
 * SIGTERM, and after 3 seconds by SIGKILL. Windows has no such signals, so `taskkill` ends the tree there at once.
 *
 * A descendant that has left the group is found by its parents. One whose parents have all ended, a daemon, is not found.
 *
 * @param pid The id of the command. It may be wrong, since it may come from a state that another process wrote. So this function
 *   ends nothing that cannot be a command of this action: not this process, none that this one descends from, and none that leads
 *   no group.
 */
export async function endProcessTree(
  pid: number,
  platform: NodeJS.Platform,
  table: ProcessTable = THIS_MACHINE,
): Promise<void> {
  const { self, list, send } = table;
  if (pid <= 1 || pid === self) return;
  if (platform === "win32") {
    // It fails if the command has ended already.
    await promisify(execFile)("taskkill", ["/PID", String(pid), "/T", "/F"]).catch(() => {});
    return;
  }
  let all = await list();
  const leader = all.find((process) => process.pid === pid);
  const isLeader = leader === undefined || leader.group === pid;
  if (!isLeader || ancestorsOf(self, all).some(({ group }) => group === pid)) return;
  const tree = new Set([pid]);
  const targets = new Set([-pid]);
  // The children of a process cannot be found after its end, so they are collected before each signal. A trap of the command may
  // start further processes.
  const addDescendants = () => {
    for (const { pid: found, group } of descendantsOf(tree, pid, all)) {
      tree.add(found);
      if (group !== pid) targets.add(found);
    }
  };
  for (const [signal, ms] of [
    ["SIGINT", BEFORE_TERMINATE],
    ["SIGTERM", BEFORE_KILL],
    ["SIGKILL", BEFORE_KILL],
  ] as const) {
    addDescendants();
    for (const target of targets) send(target, signal);
    const isEnded = await allEnd(targets, ms, table);
    all = await list();
    // A process may have left the group at the signal.
    if (isEnded && descendantsOf(tree, pid, all).length === 0) return;
  }
}

/**
 * Finds the processes whose environment has a variable, where the system shows it: on Linux.
 *
 * @param variable Such as `NAME=value`.
 * @returns those whose parent is none of them.
 */
export async function processesWith(variable: string): Promise<readonly number[]> {
  const found = (await processes()).filter(({ pid }) => environmentOf(pid).includes(variable));
  return found.filter(({ parent }) => !found.some(({ pid }) => pid === parent)).map(({ pid }) => pid);
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function descendantsOf(tree: ReadonlySet<number>, group: number, all: readonly ListedProcess[]): ListedProcess[] {
  const found = all.filter((process) => tree.has(process.pid) || process.group === group);
  // The list grows while it is read, and is read to its end.
  for (const { pid: parent } of found) {
    found.push(...all.filter((process) => process.parent === parent && !found.includes(process)));
  }
  return found;
}

/** @returns the process itself too. */
function ancestorsOf(pid: number, all: readonly ListedProcess[]): readonly ListedProcess[] {
  const found = all.filter((process) => process.pid === pid);
  for (const { parent } of found) {
    found.push(...all.filter((process) => process.pid === parent && !found.includes(process)));
  }
  return found;
}

/** Many images for containers have no `ps`, and Linux lists its processes in `/proc` too. */
async function processes(): Promise<readonly ListedProcess[]> {
  try {
    if (process.platform === "linux") return readdirSync("/proc").flatMap(listedInProc);
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

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function listedInProc(name: string): readonly ListedProcess[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "latin1");
    // The second field is the program's name in brackets, which may have spaces and brackets itself.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A process that has ended, and that no parent has waited for.
    if (state === "Z") return [];
    return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
  } catch {
    // It has ended.
    return [];
  }
}

function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function allEnd(targets: ReadonlySet<number>, ms: number, { send, pause }: ProcessTable): Promise<boolean> {
  for (let waited = 0; waited < ms; waited += BETWEEN_LOOKS) {
    if (![...targets].some((target) => send(target, 0))) return true;
    await pause(BETWEEN_LOOKS);
  }
  return false;
}
