import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { HttpClient } from "@actions/http-client";
import { type Effect, ServiceError, type ServiceErrorCode } from "../errors/service-error.ts";
import { type Instant, isInstant } from "../scheduler/instant.ts";
import type { Deadline } from "./deadline.ts";
import { agentThrough, proxyFor, withoutBrackets } from "./proxy.ts";
import { tlsFailure } from "./tls-failure.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the `Authorization` header, to the origin of `url` only. */
  readonly authorization: string | null;
  readonly body: Buffer | null;
  /** Whether the request may change anything there, so that a lost answer leaves its effect open. */
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
   * The origin that the request was redirected to, if it is another one: it did not get the authorization. For a redirect that
   * must not be followed, its target without a login, query and fragment, which may be secrets.
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

/** An attempt without an answer ends after this long, in milliseconds, so that the deadline leaves room for another. */
const LONGEST_ATTEMPT = 20_000;
const LARGEST_ANSWER = 4 * 1024 * 1024;

/**
 * Tells that a proxy made no tunnel. `tunnel` says so in the message only: its code is that of a reset connection.
 *
 * @see https://github.com/koichik/node-tunnel/blob/master/lib/tunnel.js
 */
const NO_TUNNEL = /^tunneling socket could not be established, (?:statusCode=(\d+)|cause=)/;

/**
 * Sends HTTP requests, each of them once. Every answer that is not a transient one is returned, whatever its status.
 *
 * Proxy settings come from the environment (`https_proxy`, `no_proxy`, …), as the runner sets them.
 */
export class HttpConnection {
  readonly #place: string;
  readonly #userAgent: string;
  #client: HttpClient | undefined;

  /** @param options.place What is connected to, for messages. */
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
            effect: answer.status >= 500 ? lostAnswer(request) : "none",
          });
        }
        return { ...answer, redirectedTo: url.origin === request.url.origin ? null : url.origin };
      }
      const target = followable(location, url);
      if (target === null) return { ...answer, redirectedTo: nameOf(location, url) };
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
    // The client has no time-out that ends an answer half-way. A signal on Node's request does.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.min(LONGEST_ATTEMPT, Math.ceil(deadline.remaining())));
    const signal = AbortSignal.any([late.signal, deadline.signal]);
    this.#client.handlers = [preparing(signal, agent)];
    const { aborted, forget } = abortOf(signal);
    let sent: ClientRequest | undefined;
    const onSend = (client: ClientRequest) => {
      sent = client;
    };
    try {
      const answer = await Promise.race([send(this.#client, request, onSend), aborted]);
      if (answer.status === 407) throw this.#proxyRefusal();
      return answer;
    } catch (cause) {
      throw this.#failureOf(cause, request, { signal, isSecured: isSecured(sent) });
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  #failureOf(
    cause: unknown,
    request: HttpRequest,
    { signal, isSecured }: { readonly signal: AbortSignal; readonly isSecured: boolean },
  ): ServiceError {
    if (cause instanceof ServiceError) return cause;
    if (cause instanceof OversizedAnswer) {
      return this.#failure("oversized-answer", cause.message, { cause, effect: lostAnswer(request) });
    }
    if (statusOfProxy(cause) === 407) return this.#proxyRefusal(cause);
    const tls = tlsFailure(cause, isSecured);
    if (tls !== null) return this.#failure(tls.code, tls.problem, { cause, effect: "none" });
    const why = signal.aborted ? "no answer in time" : wordsOf(cause);
    const effect = isUnconnected(cause) ? "none" : lostAnswer(request);
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

/** An answer longer than any that is expected. Sending the request again would only bring it again. */
class OversizedAnswer extends Error {
  override name = "OversizedAnswer";
}

function lostAnswer({ writes }: HttpRequest): Effect {
  return writes ? "possible" : "none";
}

/**
 * Rejects when the signal is aborted. A request does so by itself, except after an answer of 101: Node then closes the
 * connection and reports nothing.
 */
function abortOf(signal: AbortSignal) {
  let forget = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const listener = () => reject(signal.reason);
    if (signal.aborted) listener();
    signal.addEventListener("abort", listener);
    forget = () => signal.removeEventListener("abort", listener);
  });
  return { aborted, forget };
}

/** @see https://nodejs.org/api/http.html#httprequesturl-options-callback */
function preparing(signal: AbortSignal, proxyAgent: Agent | null): HttpClient["handlers"][number] {
  return {
    prepareRequest: (options) => {
      options.signal = signal;
      // A tunnel is asked for by the host as a URL has it.
      if (proxyAgent === null) options.host = withoutBrackets(String(options.host));
      else options.agent = proxyAgent;
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error("This handler knows no authentication")),
  };
}

/** @returns the target of a redirect, or null if it must not be followed: not HTTP, or from HTTPS to plain HTTP. */
function followable(location: string, from: URL): URL | null {
  if (!URL.canParse(location, from.href)) return null;
  const target = new URL(location, from);
  const allowed = from.protocol === "https:" ? ["https:"] : ["http:", "https:"];
  return allowed.includes(target.protocol) ? target : null;
}

/** @returns the target of a redirect as messages may show it. */
function nameOf(location: string, from: URL): string {
  if (!URL.canParse(location, from.href)) return "an address that is no URL";
  const { protocol, host, pathname } = new URL(location, from);
  return `${protocol}//${host}${pathname}`;
}

async function send(
  client: HttpClient,
  { method, url, headers, authorization, body }: HttpRequest,
  onSend: (request: ClientRequest) => void,
) {
  const { message } = await client.request(method, url.href, streamOf(body, onSend), {
    ...headers,
    ...(authorization === null ? {} : { authorization }),
    ...(body === null ? {} : { "content-length": String(body.length) }),
  });
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers["content-type"] ?? "",
    headers: message.headers,
    date: dateOf(message.headers.date),
    location: message.headers.location,
    retryAfter: retryAfterOf(message.headers["retry-after"]),
    body: await bodyOf(message),
  };
}

/**
 * @param body Null: none.
 * @returns a body in the form that the client takes: it calls only these two methods of a stream. With a real stream each
 *   start would take 2 ms longer, since Node would compile its own code for it.
 * @param onSend Called with Node's request, which the client keeps to itself.
 */
function streamOf(body: Buffer | null, onSend: (request: ClientRequest) => void): NodeJS.ReadableStream {
  const pipe = (request: ClientRequest) => {
    onSend(request);
    return request.end(body ?? undefined);
  };
  const stream = { on: () => stream, pipe };
  return stream as unknown as NodeJS.ReadableStream;
}

/** The client's own reader never ends when an answer is cut off. */
function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > LARGEST_ANSWER) message.destroy(new OversizedAnswer(`sent an answer of over ${LARGEST_ANSWER} bytes`));
    });
    message.on("end", () => resolve(Buffer.concat(chunks)));
    message.on("error", reject);
  });
}

/** Whether a request has had a TLS connection, so that the server may have got it. */
function isSecured(request: ClientRequest | undefined): boolean {
  const socket: object | null = request?.socket ?? null;
  return socket !== null && "secureConnecting" in socket && socket.secureConnecting === false;
}

function dateOf(header: string | undefined): Instant | null {
  const date = Date.parse(header ?? "");
  return isInstant(date) ? date : null;
}

/** `Retry-After`, RFC 9110 §10.2.3: seconds or a date. */
function retryAfterOf(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** @returns the status with which a proxy refused a tunnel; null if it gave none; undefined for any other error. */
function statusOfProxy(error: unknown): number | null | undefined {
  const [refused, status] = (error instanceof Error && NO_TUNNEL.exec(error.message)) || [];
  return refused === undefined ? undefined : status === undefined ? null : Number(status);
}

/** Whether a request failed before there was a connection to send it on. */
function isUnconnected(error: unknown): boolean {
  if (statusOfProxy(error) !== undefined) return true;
  const { syscall, errors } = (error ?? {}) as { syscall?: unknown; errors?: readonly unknown[] };
  // Where Node tried several addresses, `errors` has one error for each.
  return errors === undefined ? syscall === "connect" || syscall === "getaddrinfo" : errors.every(isUnconnected);
}

/** Where Node tried several addresses, its error has a code and no message. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}
