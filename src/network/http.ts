import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { HttpClient } from "@actions/http-client";
import { type Effect, ServiceError, type ServiceErrorCode } from "../errors/service-error.ts";
import type { Instant } from "../scheduler/instant.ts";
import { failureText, isSecured, isUnconnected, statusOfProxy } from "./connection-failure.ts";
import { type Deadline, whenOver } from "./deadline.ts";
import { exchange, OversizedAnswer, requestHandler } from "./http-exchange.ts";
import { agentThrough, proxyFor } from "./proxy.ts";
import { tlsFailure } from "./tls-failure.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the `Authorization` header, to the origin of `url` only. */
  readonly authorization: string | null;
  readonly body: Buffer | null;
  /** Whether the request may change anything on the server: after a lost answer its effect is then `possible`. */
  readonly writes: boolean;
  /** Whether a redirect to another origin is followed, without the authorization. Otherwise the redirect is the answer. */
  readonly followsToOtherOrigins: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The server's clock, in whole seconds: the `Date` header, RFC 9110 §6.6.1. Null without one. */
  readonly date: Instant | null;
  /**
   * The other origin that the request was redirected to. It did not get the authorization. For a redirect that must not be
   * followed, the target without its login, query and fragment, which may be secrets. Null without such a redirect.
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
          throw this.#failure("unreachable", `answered ${answer.status}`, {
            retryAfter: answer.retryAfter,
            effect: answer.status >= 500 ? effectOfLostAnswer(request) : "none",
          });
        }
        return { ...answer, redirectedTo: url.origin === request.url.origin ? null : url.origin };
      }
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
    const proxy = proxyFor(request.url);
    const agent = proxy === null ? null : agentThrough(this.#client, request.url, proxy);
    this.#client.handlers = [requestHandler(agent)];
    const attempt: Attempt = { request: undefined, isLate: false };
    const { late, stop } = lateness(attempt, deadline);
    try {
      const onSend = (sent: ClientRequest) => {
        attempt.request = sent;
        if (attempt.isLate) sent.destroy();
      };
      const answer = await Promise.race([exchange(this.#client, request, onSend), late]);
      if (answer.status === 407) throw this.#proxyRefusal();
      return answer;
    } catch (cause) {
      throw this.#failureOf(cause, request, attempt);
    } finally {
      stop();
    }
  }

  #failureOf(cause: unknown, request: HttpRequest, { request: sent, isLate }: Readonly<Attempt>): ServiceError {
    if (cause instanceof ServiceError) return cause;
    if (cause instanceof OversizedAnswer) {
      return this.#failure("oversized-answer", cause.message, { cause, effect: effectOfLostAnswer(request) });
    }
    if (statusOfProxy(cause) === 407) return this.#proxyRefusal(cause);
    const tls = tlsFailure(cause, isSecured(sent));
    if (tls !== null) return this.#failure(tls.code, tls.problem, { cause, effect: "none" });
    const why = isLate ? "no answer in time" : failureText(cause);
    const effect = isUnconnected(cause) ? "none" : effectOfLostAnswer(request);
    return this.#failure("unreachable", `cannot be reached (${why})`, { cause, effect, retryAfter: 0 });
  }

  #proxyRefusal(cause?: unknown): ServiceError {
    const problem = "cannot be reached: the proxy asks for a login, or refused the one it got (407)";
    return this.#failure("proxy-refused", problem, { cause, effect: "none" });
  }

  #failure(
    code: ServiceErrorCode,
    problem: string,
    options: ErrorOptions & { readonly effect: Effect; readonly retryAfter?: number },
  ): ServiceError {
    return new ServiceError(code, { place: this.#place, problem, ...options });
  }
}

function effectOfLostAnswer({ writes }: HttpRequest): Effect {
  return writes ? "possible" : "none";
}

/** @returns the target of a redirect, or null if it must not be followed: not HTTP, or from HTTPS to plain HTTP. */
function redirectTarget(location: string, from: URL): URL | null {
  if (!URL.canParse(location, from.href)) return null;
  const target = new URL(location, from);
  const allowed = from.protocol === "https:" ? ["https:"] : ["http:", "https:"];
  return allowed.includes(target.protocol) ? target : null;
}

/** @returns the target of a redirect without the parts that may be secrets. */
function shownTarget(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return "an address that is no URL";
  const { protocol, host, pathname } = new URL(location, from);
  return `${protocol}//${host}${pathname}`;
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
 * @returns a promise that rejects then. Node's request rejects by itself, except after an answer of 101: then Node closes the
 *   connection and reports nothing.
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
