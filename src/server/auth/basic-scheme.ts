import { createHash, timingSafeEqual } from "node:crypto";
import { type Scheme, UNRESTRICTED } from "./authentication.ts";

/**
 * Basic authentication, RFC 7617. The comparison is of hashes: timingSafeEqual needs inputs of equal length.
 *
 * @param username Must not contain a colon: the first colon separates it from the password, which may contain colons.
 */
export function basicScheme(username: string, password: string): Scheme {
  const expected = sha256(Buffer.from(`${username}:${password}`));
  return {
    name: "Basic",
    challenge: 'Basic realm="CronyxServer"',
    async check(credentials) {
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return null;
      return timingSafeEqual(sha256(Buffer.from(credentials, "base64")), expected) ? UNRESTRICTED : null;
    },
  };
}

function sha256(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
