/**
 * Whether a host is this machine. No other machine can read or change the traffic to it.
 *
 * @param host The form of `URL.hostname`, or an address to listen on: an IPv6 address with or without brackets.
 * @see https://www.rfc-editor.org/rfc/rfc6761#section-6.3
 */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
