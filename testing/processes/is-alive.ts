import { readFileSync } from "node:fs";

/** Whether a process runs. A zombie, which has ended and for which no parent has waited, does not count. Linux only. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
