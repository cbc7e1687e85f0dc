import type { Environment } from "./environment.ts";

/** @returns the variable of the environment that names a proxy for a URL, if one does. */
export function proxyVariable({ protocol }: URL, env: Environment = process.env): string | undefined {
  const names = protocol === "https:" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  return names.find((name) => env[name]);
}
