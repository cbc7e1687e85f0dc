import type { Terms } from "../backend/terms.ts";

/** The inputs of action.yml, and what else a workflow has. */
export const ACTION_TERMS: Terms = {
  url: "the input url",
  token: "the input token",
  permission: 'add "permissions: contents: write" to the workflow or job',
  readOnly: "A pull request from a fork has a read-only token and can hold no lock.",
  login: "the inputs username and password",
  anyLogin: "the inputs username and password, or oidc-audience",
  bearer: "OIDC token",
  otherBearer:
    "give the input oidc-audience the audience that the server expects, and check that it accepts GitHub's tokens",
  retryInterval: "retry-interval",
};
