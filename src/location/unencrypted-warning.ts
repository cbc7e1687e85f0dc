import { shownValue } from "../errors/shown-value.ts";
import type { Location } from "./location.ts";

/** @returns a warning for plain HTTP to another machine, and null for any other location. */
export function unencryptedWarning(location: Location): string | null {
  if (location.kind !== "server" || !location.isUnencrypted) return null;
  return `The url ${shownValue(location.address)} is plain http, so others on the way can read the credentials and take locks with them: use https`;
}
