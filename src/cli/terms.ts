import type { Terms } from "../backend/terms.ts";

/** The flags and the environment of `status` and `release`. */
export const COMMAND_TERMS: Terms = {
  url: "--url or CRONYX_URL",
  token: "CRONYX_TOKEN",
  permission: "let it write to that repository's contents",
  readOnly: "",
  login: "CRONYX_USERNAME and CRONYX_PASSWORD",
  anyLogin: "CRONYX_USERNAME and CRONYX_PASSWORD, or CRONYX_TOKEN",
  bearer: "token",
  otherBearer: "give CRONYX_TOKEN one that is valid there and hasn't expired",
  retryInterval: "a start's retry interval",
};
