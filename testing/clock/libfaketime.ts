import { existsSync } from "node:fs";

const USUAL_PLACES = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib64/faketime/libfaketime.so.1",
  "/usr/lib/faketime/libfaketime.so.1",
];

/** @returns the path of libfaketime: LIBFAKETIME_PATH, or the first one found; null if there is none. */
export function findLibfaketime(env: Readonly<Record<string, string | undefined>>): string | null {
  return env.LIBFAKETIME_PATH || (USUAL_PLACES.find((file) => existsSync(file)) ?? null);
}

/**
 * Environment variables that set the clock of a process.
 *
 * @param time What libfaketime takes: an offset such as `+2h`.
 */
export function clockAt(time: string, libfaketime: string): Record<string, string> {
  // Timers go by the monotonic clock, which stays as it is.
  return { LD_PRELOAD: libfaketime, FAKETIME: time, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
}
