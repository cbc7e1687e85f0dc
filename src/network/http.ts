import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { HttpClient } from "@actions/http-client";
import { type Effect, ServiceError } from "../errors/service-error.ts";
import { type Deadline, whenOver } from "./deadline.ts";
import { exchange, type HttpRequest, ProxyRefusal, requestHandler } from "./http-exchange.ts";
import { proxyVariable } from "./proxy-variable.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The server's clock, in milliseconds that are whole seconds: the `Date` header, RFC 9110 §6.6.1. Null without one. */
  readonly date: number | null;
  /**
   * The target of a redirect away from the request's origin, which did not get the authorization: its origin or, for a redirect
   * that must not be followed, its address without the parts that may be secrets. Null: the request's own origin answered.
   */
  readonly redirectedTo: string | null;
}

const REDIRECTS = new Set([301, 302, 307, 308]);
const MOST_REDIRECTS = 3;

/**
 * Statuses after which the same request may succeed later: RFC 9110 §15 and RFC 6585 §4. Proxies have statuses of their
 * own above 500 for a server that gave no answer in time.
 */
const isTransient = (status: number) => status >= 500 || status === 408 || status === 425 || status === 429;

/** The longest that a request waits for its answer, in milliseconds, so that the deadline leaves time for another attempt. */
const LONGEST_ATTEMPT = 20_000;

/**
 * Sends HTTP requests, each of them once. Every answer that is not a transient one is returned, whatever its status.
 *
 * Proxy settings come from the environment (`https_proxy`, `no_proxy`, …), as the runner sets them.
 */
export class HttpConnection {
  readonly #place: string;
  readonly #userAgent: string;
  #client: HttpClient | undefined;

  /** @param options.place The server's address, for messages. */
  constructor({ place, userAgent }: { readonly place: string; readonly userAgent: string }) {
    this.#place = place;
    this.#userAgent = userAgent;
  }

  /** @throws ServiceError with `retryAfter` set where the same request may succeed later. */
  async send(request: HttpRequest, deadline: Deadline): Promise<HttpAnswer> {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const authorization = url.origin === request.url.origin ? request.authorization : null;
      const answer = await this.#sendOnce({ ...request, url, authorization }, deadline);
      const location = REDIRECTS.has(answer.status) ? answer.location : undefined;
      if (location === undefined || redirects === MOST_REDIRECTS) {
        if (isTransient(answer.status) || (answer.status === 403 && answer.retryAfter > 0)) {
          throw new ServiceError("unreachable", {
            place: this.#place,
            problem: `answered ${answer.status}`,
            retryAfter: answer.retryAfter,
            effect: answer.status >= 500 ? effectOfLostAnswer(request) : "none",
          });
        }
        return { ...answer, redirectedTo: url.origin === request.url.origin ? null : url.origin };
      }
      const { redirectTarget, shownTarget } = await import(/* webpackChunkName: "redirect" */ "./redirect.ts");
      const target = redirectTarget(location, url);
      if (target === null) return { ...answer, redirectedTo: shownTarget(location, url) };
      if (target.origin !== request.url.origin && !request.followsToOtherOrigins) {
        return { ...answer, redirectedTo: target.origin };
      }
      url = target;
    }
  }

  close(): void {
    this.#client?.dispose();
    this.#client = undefined;
  }

  async #sendOnce(request: HttpRequest, deadline: Deadline) {
    // Redirects are followed above: the client would send the authorization to another port of the same host too.
    this.#client ??= new HttpClient(this.#userAgent, [], {
      keepAlive: true,
      allowRedirects: false,
      allowRetries: false,
    });
    const client = this.#client;
    client.handlers = [await handlerFor(client, request.url)];
    const attempt: Attempt = { request: undefined, isLate: false };
    const { late, stop } = lateness(attempt, deadline);
    try {
      const onSend = (sent: ClientRequest) => {
        attempt.request = sent;
        if (attempt.isLate) sent.destroy();
      };
      const answer = await Promise.race([exchange(client, request, onSend), late]);
      if (answer.status === 407) throw new ProxyRefusal();
      return answer;
    } catch (cause) {
      const failed = {
        place: this.#place,
        isLate: attempt.isLate,
        isSecured: isSecured(attempt.request),
        effectIfLost: effectOfLostAnswer(request),
      };
      // Loaded only here: most requests do not fail.
      const { requestFailure } = await import(/* webpackChunkName: "failure" */ "./http-failure.ts");
      throw requestFailure(cause, failed);
    } finally {
      stop();
    }
  }
}

function effectOfLostAnswer({ writes }: HttpRequest): Effect {
  return writes ? "possible" : "none";
}

async function handlerFor(client: HttpClient, url: URL) {
  if (proxyVariable(url) === undefined) return requestHandler(null);
  const { agentThrough, proxyFor } = await import(/* webpackChunkName: "proxy" */ "./proxy.ts");
  const proxy = proxyFor(url);
  return requestHandler(proxy === null ? null : agentThrough(client, url, proxy));
}

/** One request on its way. */
interface Attempt {
  /** Node's request. */
  request: ClientRequest | undefined;
  /** Whether the request was given up. */
  isLate: boolean;
}

/**
 * Gives a request up when its time is over: the client has no time-out that ends an answer half-way.
 *
 * @returns `late`, a promise that rejects when the request is given up, and `stop`, which ends the watch. Node's request rejects
 *   by itself too, except after an answer of 101: then Node closes the connection and reports nothing.
 */
function lateness(attempt: Attempt, deadline: Deadline) {
  let stop = () => {};
  const late = new Promise<never>((_, reject) => {
    stop = whenOver(deadline, LONGEST_ATTEMPT, () => {
      attempt.isLate = true;
      reject(new Error("There was no answer in time"));
      attempt.request?.destroy();
    });
  });
  return { late, stop };
}

/** Whether a request had a TLS connection, so that the server may have got it. */
function isSecured(request: ClientRequest | undefined): boolean {
  const socket: object | null = request?.socket ?? null;
  return socket !== null && "secureConnecting" in socket && socket.secureConnecting === false;
}
