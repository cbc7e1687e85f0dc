import { readFileSync } from "node:fs";

/** Whether a process runs. One that has ended, and that no parent has waited for, is a zombie. Linux only. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
