import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import type { JobBackend } from "../backend/job-backend.ts";
import { type Timers, timers } from "../backend/lock-renewal.ts";
import { type BackendOptions, openBackend } from "../backend/open-backend.ts";
import type { Location } from "../location/location.ts";
import type { Environment } from "../network/environment.ts";

/**
 * All that a client uses outside of this process.
 *
 * @internal
 */
export interface Surroundings {
  readonly open: (location: Location, options: BackendOptions) => Promise<JobBackend>;
  readonly env: Environment;
  /** The folder to make temporary folders in. */
  readonly temporary: string;
  readonly now: () => number;
  readonly newId: () => string;
  readonly timers: Timers;
  /** Reports a problem that no call can throw: a background interrupt that failed, or an unencrypted connection. */
  readonly warn: (message: string) => void;
}

/** @internal */
export function surroundingsOfProcess(): Surroundings {
  return {
    open: openBackend,
    env: process.env,
    temporary: tmpdir(),
    now: Date.now,
    newId: randomUUID,
    timers,
    warn: (message) => process.emitWarning(message, "CronyxClientWarning"),
  };
}
