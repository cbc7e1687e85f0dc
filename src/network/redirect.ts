/** @returns the target of a redirect, or null if it must not be followed: not HTTP, or from HTTPS to plain HTTP. */
export function redirectTarget(location: string, from: URL): URL | null {
  if (!URL.canParse(location, from.href)) return null;
  const target = new URL(location, from);
  const allowed = from.protocol === "https:" ? ["https:"] : ["http:", "https:"];
  return allowed.includes(target.protocol) ? target : null;
}

/** @returns the target of a redirect without the parts that may be secrets. */
export function shownTarget(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return "an address that is no URL";
  const { protocol, host, pathname } = new URL(location, from);
  return `${protocol}//${host}${pathname}`;
}
