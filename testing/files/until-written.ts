import { existsSync, readFileSync, watch } from "node:fs";
import path from "node:path";

/** Waits until another process has written a file in the folder. @returns its text. */
export async function untilWritten(folder: string, file: string): Promise<string> {
  const watcher = watch(folder);
  try {
    while (!existsSync(path.join(folder, file))) await new Promise((resolve) => watcher.once("change", resolve));
    return readFileSync(path.join(folder, file), "utf8");
  } finally {
    watcher.close();
  }
}
