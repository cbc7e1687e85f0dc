import { tmpdir } from "node:os";
import type { JobBackend } from "../backend/job-backend.ts";
import { openBackend } from "../backend/open-backend.ts";
import type { Credentials, MarkOptions } from "../backend/remote/server-connection.ts";
import type { Location } from "../location/location.ts";
import type { Login } from "./login.ts";
import type { Surroundings } from "./toolkit.ts";

/** Opens the backend that this step's location and login lead to. */
export function connect(
  location: Location,
  login: Login,
  surroundings: Surroundings,
  mark: MarkOptions,
): Promise<JobBackend> {
  const { toolkit, env, now } = surroundings;
  return openBackend(location, {
    token: login.token,
    credentials: location.kind === "repository" ? loginOf(login) : credentialsOf(login, surroundings),
    userAgent: "cronyx-action",
    env,
    temporary: env.RUNNER_TEMP || tmpdir(),
    log: toolkit.info,
    now,
    ...mark,
  });
}

function loginOf({ username, password, token }: Login): Credentials {
  return username === "" ? { kind: "none" } : { kind: "basic", username, password: password || token };
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
