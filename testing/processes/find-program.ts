import { accessSync, constants } from "node:fs";
import path from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the path of the first of these programs that is found in PATH or in these places; null if there is none. */
export function findProgram(names: readonly string[], env: Environment, places: readonly string[] = []): string | null {
  const folders = (env.PATH ?? "").split(path.delimiter).filter(Boolean);
  const inPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...inPath, ...places].find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
