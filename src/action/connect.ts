import { tmpdir } from "node:os";
import type { JobBackend } from "../backend/job-backend.ts";
import { inLine } from "../backend/line.ts";
import { openBackend } from "../backend/open-backend.ts";
import type { Credentials } from "../backend/server-connection.ts";
import type { Login } from "./login.ts";
import { ACTION_TERMS } from "./terms.ts";
import type { Surroundings } from "./toolkit.ts";

/** Opens what decides on starts, as this step has it. */
export function connect(url: string, login: Login, surroundings: Surroundings): Promise<JobBackend> {
  const { toolkit, env, now } = surroundings;
  return openBackend(url, {
    token: login.token,
    credentials: credentialsOf(login, surroundings),
    userAgent: "cronyx-action",
    env,
    temporary: env.RUNNER_TEMP || tmpdir(),
    log: (line) => toolkit.info(inLine(line)),
    now,
    terms: ACTION_TERMS,
  });
}

function credentialsOf({ username, password, oidcAudience }: Login, surroundings: Surroundings): Credentials {
  if (oidcAudience !== "") {
    return {
      kind: "bearer",
      token: async (deadline) => {
        const { oidcToken } = await import(/* webpackChunkName: "remote" */ "./oidc-token.ts");
        return oidcToken(oidcAudience, surroundings, deadline);
      },
    };
  }
  return username === "" ? { kind: "none" } : { kind: "basic", username, password };
}
