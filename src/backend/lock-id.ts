import { createHash } from "node:crypto";

/** The namespace of lock ids, a random UUID: RFC 9562 §6.6. */
const NAMESPACE = Buffer.from("b0a97b6d3c5d4b0f9f7a6f0e5d2c8e41", "hex");

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The id of the lock that a start with this idempotency key takes: a UUID of version 5, RFC 9562 §5.5. A client that lost an
 * answer knows the id, and a reader of the id cannot make the key, with which the start could be repeated.
 */
export function lockIdOf(idempotencyKey: string): string {
  const hex = createHash("sha1").update(NAMESPACE).update(canonicalId(idempotencyKey)).digest("hex");
  const variant = (Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8;
  const [low, middle, high, clock, node] = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(13, 16),
    hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return `${low}-${middle}-5${high}-${variant.toString(16)}${clock}-${node}`;
}

/** Whether a text may be the id of a lock, which goes into outputs, the step's state and paths. An original server's is a UUID. */
export function isLockId(text: string): boolean {
  // A URL resolves segments of dots.
  return /^(?!\.{1,2}$)[\x21-\x7e]{1,255}$/.test(text);
}

/** The one form in which ids and keys are compared: a UUID in lower case, and any other text as it is. */
export function canonicalId(id: string): string {
  return UUID.test(id) ? id.toLowerCase() : id;
}
