/**
 * The message of the error that the package `tunnel` throws when a proxy opens no tunnel. Only the message shows it: the error's
 * code is that of a reset connection.
 *
 * @see https://github.com/koichik/node-tunnel/blob/master/lib/tunnel.js
 */
const NO_TUNNEL = /^tunneling socket could not be established, (?:statusCode=(\d+)|cause=)/;

/** @returns the status with which a proxy refused a tunnel; null if it gave none; undefined for any other error. */
export function statusOfProxy(error: unknown): number | null | undefined {
  const refusal = error instanceof Error ? NO_TUNNEL.exec(error.message) : null;
  if (refusal === null) return undefined;
  const [, status] = refusal;
  return status === undefined ? null : Number(status);
}

/** Whether a request failed before there was a connection to send it on. */
export function isUnconnected(error: unknown): boolean {
  if (statusOfProxy(error) !== undefined) return true;
  const { syscall, errors } = (error ?? {}) as { syscall?: unknown; errors?: readonly unknown[] };
  // Where Node tried several addresses, `errors` has one error for each.
  return errors === undefined ? syscall === "connect" || syscall === "getaddrinfo" : errors.every(isUnconnected);
}

/** Where Node tried several addresses, its error has a code and no message. */
export function failureText(error: unknown): string {
  const { message, code } = (error ?? {}) as { readonly message?: string; readonly code?: string };
  return message || code || String(error);
}
