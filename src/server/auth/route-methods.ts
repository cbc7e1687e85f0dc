import type { FastifyInstance } from "fastify";

/** The methods of each path, RFC 9110 §9.1. The router finds a route only by a path together with a method. */
export class RouteMethods {
  /** The methods by the pattern of their paths. */
  readonly #methods = new Map<string, Set<string>>();

  /** @param server A server to which routes are added afterwards. */
  constructor(server: FastifyInstance) {
    server.addHook("onRoute", ({ url, method }) => {
      const known = this.#methods.get(url) ?? new Set();
      for (const one of [method].flat()) known.add(one);
      this.#methods.set(url, known);
    });
  }

  /** @returns the methods of all routes whose path is this one, sorted. */
  methodsOf(url: string): readonly string[] {
    const path = segmentsOf(url.split(/[?#]/)[0] ?? "");
    const matching = [...this.#methods].filter(([pattern]) => matches(path, segmentsOf(pattern)));
    return [...new Set(matching.flatMap(([, methods]) => [...methods]))].sort();
  }
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/^\/|\/$/g, "").split("/");
}

function matches(path: readonly string[], pattern: readonly string[]): boolean {
  return (
    path.length === pattern.length &&
    pattern.every((segment, at) => (segment.startsWith(":") ? path[at] !== "" : segment === path[at]))
  );
}
