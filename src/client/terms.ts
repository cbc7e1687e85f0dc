import type { Terms } from "../backend/terms.ts";

/** The options of docs/api.md. */
export const CLIENT_TERMS: Terms = {
  url: "the option url",
  token: "the option token",
  permission: "let it write to that repository's contents",
  readOnly: "",
  login: "the option credentials",
  anyLogin: "the option credentials or token",
  bearer: "token",
  otherBearer: "give the option token one that is valid there and hasn't expired",
  retryInterval: "retryInterval",
};
