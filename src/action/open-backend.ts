import { tmpdir } from "node:os";
import type { JobBackend } from "../backend/job-backend.ts";
import { openBackend as openBackendAt } from "../backend/open-backend.ts";
import { inLine } from "./messages.ts";
import type { Surroundings } from "./toolkit.ts";

export function openBackend(url: string, token: string, { toolkit, env, now }: Surroundings): Promise<JobBackend> {
  return openBackendAt(url, {
    token,
    credentials: { kind: "none" },
    userAgent: "cronyx-action",
    env,
    temporary: env.RUNNER_TEMP || tmpdir(),
    log: (line) => toolkit.info(inLine(line)),
    now,
  });
}
