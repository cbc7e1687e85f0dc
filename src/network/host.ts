/** @returns a host as Node connects to it: an IPv6 address without the brackets that a URL has. */
export function withoutBrackets(host: string): string {
  return isIpv6(host) ? host.slice(1, -1) : host;
}

/** Whether a host, as a URL has it, is an IPv6 address. */
export function isIpv6(host: string): boolean {
  return /^\[.*\]$/.test(host);
}
