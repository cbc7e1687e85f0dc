import type { Agent, ClientRequest } from "node:http";
import { checkServerIdentity } from "node:tls";
import type { HttpClient } from "@actions/http-client";
import { checkBypass } from "@actions/http-client/lib/proxy";
import { ServiceError } from "../errors/service-error.ts";
import type { Environment } from "./environment.ts";
import { isIpv6, withoutBrackets } from "./host.ts";
import { proxyVariable } from "./proxy-variable.ts";

/** A proxy, and the variable of the environment that names it. */
interface ProxySetting {
  readonly variable: string;
  readonly url: URL;
}

/**
 * @returns the proxy for a URL, or null for a direct connection.
 * @throws ServiceError for a variable that names no HTTP proxy: a direct connection could send data where it must not go. The
 *   message leaves the value out, which may hold a password.
 */
export function proxyFor(url: URL, env: Environment = process.env): ProxySetting | null {
  const variable = proxyVariable(url, env);
  if (variable === undefined || checkBypass(url)) return null;
  const value = env[variable]?.trim() ?? "";
  const [, scheme = "http"] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value) ?? [];
  if (!/^https?$/i.test(scheme)) {
    throw unusable(variable, `asks for a ${scheme.toLowerCase()}: proxy, not for an HTTP one`);
  }
  const address = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(address) ? new URL(address) : null;
  if (proxy === null || proxy.hostname === "" || !isDecodable(proxy)) {
    throw unusable(variable, "is not the address of a proxy, with each special character of its login as %XX");
  }
  return { variable, url: proxy };
}

/**
 * @returns the agent that connects through the proxy. The client reads the proxy from the environment alone, ignores an
 *   address without a scheme, and takes the brackets of an IPv6 address for a part of a name.
 */
export function agentThrough(client: HttpClient, url: URL, { variable, url: proxy }: ProxySetting): Agent {
  const value = process.env[variable];
  process.env[variable] = proxy.href;
  try {
    const agent = client.getAgent(url.href) as Agent & {
      readonly proxyOptions?: { host: string };
      readonly options?: { checkServerIdentity?: typeof checkServerIdentity };
    } & Partial<Tunnels>;
    if (agent.createSocket !== undefined && agent.request !== undefined) endTunnelsEarly(agent as Tunnels);
    if (agent.proxyOptions !== undefined) agent.proxyOptions.host = withoutBrackets(agent.proxyOptions.host);
    if (isIpv6(url.hostname) && agent.options !== undefined) {
      // The agent cuts the host off at its first colon. It also connects to hosts of redirects, which are names.
      agent.options.checkServerIdentity = (name, certificate) =>
        checkServerIdentity(name.startsWith("[") ? withoutBrackets(url.hostname) : name, certificate);
    }
    return agent;
  } finally {
    process.env[variable] = value;
  }
}

/** The parts of an agent of `tunnel` that ask the proxy for a tunnel. */
interface Tunnels {
  request: (options: object) => ClientRequest;
  createSocket: (options: { readonly request: ClientRequest }, onSocket: unknown) => void;
}

const endingEarly = new WeakSet<Tunnels>();

/**
 * Lets a request that is given up end its tunnel too. Otherwise a proxy that gives no answer would keep the connection open,
 * and a program alive.
 */
function endTunnelsEarly(agent: Tunnels): void {
  if (endingEarly.has(agent)) return;
  endingEarly.add(agent);
  const { request: send, createSocket } = agent;
  agent.createSocket = (options, onSocket) => {
    const { request: waiting } = options;
    agent.request = (forTunnel) => {
      const tunnel = send(forTunnel);
      const { destroy } = waiting;
      waiting.destroy = (error) => {
        tunnel.destroy();
        return destroy.call(waiting, error);
      };
      return tunnel;
    };
    createSocket.call(agent, options, onSocket);
  };
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

function unusable(variable: string, problem: string): ServiceError {
  return new ServiceError("proxy-unusable", { place: `The variable ${variable}`, problem, effect: "none" });
}
