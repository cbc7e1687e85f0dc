import { createHash, timingSafeEqual } from "node:crypto";
import { type Scheme, UNRESTRICTED } from "./authentication.ts";

/**
 * Basic authentication, RFC 7617. Hashes are compared, which have one length, in the same time wherever they differ.
 *
 * @param username Without a colon, at which the first one ends it. A password may hold any.
 */
export function basicScheme(username: string, password: string): Scheme {
  const expected = hash(Buffer.from(`${username}:${password}`));
  return {
    name: "Basic",
    challenge: 'Basic realm="CronyxServer"',
    async check(credentials) {
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return null;
      return timingSafeEqual(hash(Buffer.from(credentials, "base64")), expected) ? UNRESTRICTED : null;
    },
  };
}

function hash(text: Buffer): Buffer {
  return createHash("sha256").update(text).digest();
}
