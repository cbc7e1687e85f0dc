import { tmpdir } from "node:os";
import type { JobBackend } from "../backend/job-backend.ts";
import { LocalBackend } from "../backend/local.ts";
import { openStore } from "../store/open-store.ts";
import { inLine } from "./messages.ts";
import type { Surroundings } from "./toolkit.ts";

export async function openBackend(
  url: string,
  token: string,
  { toolkit, env, now }: Surroundings,
): Promise<JobBackend> {
  const store = await openStore(url, {
    token,
    userAgent: "cronyx-action",
    env,
    temporary: env.RUNNER_TEMP || tmpdir(),
    log: (line) => toolkit.info(inLine(line)),
    now,
  });
  return new LocalBackend(store, now);
}
