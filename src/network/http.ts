import type { ClientRequest, IncomingMessage } from "node:http";
import { HttpClient } from "@actions/http-client";
import type { Deadline } from "./deadline.ts";
import { PassingFault } from "./retry.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as the `Authorization` header, to the origin of `url` alone. */
  readonly authorization: string | null;
  /** Null: the request has none. */
  readonly body: Buffer | null;
  /** Whether a redirect to another origin is followed, without the authorization; or is the answer. */
  readonly mayStray: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** Where the request was redirected to, if that is another origin: the authorization stayed behind. */
  readonly strayedTo: string | null;
}

const REDIRECTS = new Set([301, 302, 307, 308]);
const MOST_REDIRECTS = 3;
/**
 * Whether a status says "not now": RFC 9110 §15 and RFC 6585 §4. What stands between here and the server has statuses of
 * its own above 500 for a server that gave no answer, and that may have done what it was asked for all the same.
 */
const isPassing = (status: number) => status >= 500 || status === 408 || status === 425 || status === 429;

/** A connection that gives no answer is given up after this long, so that the deadline has room for another try. */
const LONGEST_TRY = 20_000;
const LARGEST_ANSWER = 4 * 1024 * 1024;

/** An answer that is longer than any of ours could be. Asking again would only bring it again. */
export class OversizedAnswer extends Error {
  override name = "OversizedAnswer";
}

/** A proxy on the way lets nothing through without a login. Asking again would only be refused again. */
export class ProxyRefusal extends Error {
  override name = "ProxyRefusal";

  constructor({ host, protocol }: URL, options?: ErrorOptions) {
    const variable = protocol === "https:" ? "https_proxy" : "http_proxy";
    super(
      `${host} can't be reached through the proxy, which asks for a login or refuses the one it got (407): give it in the environment's ${variable}, as http://USER:PASSWORD@HOST`,
      options,
    );
  }
}

/**
 * How `tunnel` tells that a proxy let no connection come about: in words alone, its code being that of a reset.
 *
 * @see https://github.com/koichik/node-tunnel/blob/master/lib/tunnel.js
 */
const NO_TUNNEL = /^tunneling socket could not be established, (?:statusCode=(\d+)|cause=)/;

/**
 * Sends requests, one at a time, each of them once. What may pass is thrown as a {@link PassingFault}; every other
 * answer is returned, whatever its status, or thrown as an {@link OversizedAnswer} or a {@link ProxyRefusal}.
 *
 * Proxy settings are those of the environment (`https_proxy`, `no_proxy`, …), as the runner gives them.
 */
export class HttpConnection {
  readonly #userAgent: string;
  #client: HttpClient | undefined;

  constructor(userAgent: string) {
    this.#userAgent = userAgent;
  }

  async send(request: HttpRequest, deadline: Deadline): Promise<HttpAnswer> {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const authorization = url.origin === request.url.origin ? request.authorization : null;
      const answer = await this.#sendOnce({ ...request, url, authorization }, deadline);
      const location = REDIRECTS.has(answer.status) ? answer.location : undefined;
      if (location === undefined || redirects === MOST_REDIRECTS) {
        if (isPassing(answer.status) || (answer.status === 403 && answer.retryAfter > 0)) {
          const { status, retryAfter } = answer;
          throw new PassingFault(`${url.host} answered ${status}`, { retryAfter, unsettled: status >= 500 });
        }
        return { ...answer, strayedTo: url.origin === request.url.origin ? null : url.origin };
      }
      const target = followable(location, url);
      if (target === null) return { ...answer, strayedTo: location };
      if (target.origin !== request.url.origin && !request.mayStray) return { ...answer, strayedTo: target.origin };
      url = target;
    }
  }

  close(): void {
    this.#client?.dispose();
    this.#client = undefined;
  }

  async #sendOnce(request: HttpRequest, deadline: Deadline) {
    // Redirects are followed here: the client would send the authorization to another port of the same host.
    this.#client ??= new HttpClient(this.#userAgent, [], {
      keepAlive: true,
      allowRedirects: false,
      allowRetries: false,
    });
    // The client knows no time-out that ends an answer half-way; Node's requests take a signal that does.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.min(LONGEST_TRY, Math.ceil(deadline.remaining())));
    const signal = AbortSignal.any([late.signal, deadline.signal]);
    this.#client.handlers = [withSignal(signal)];
    const { aborted, forget } = abortOf(signal);
    try {
      const answer = await Promise.race([send(this.#client, request), aborted]);
      if (answer.status === 407) throw new ProxyRefusal(request.url);
      return answer;
    } catch (cause) {
      if (cause instanceof OversizedAnswer || cause instanceof ProxyRefusal) throw cause;
      if (statusOfProxy(cause) === 407) throw new ProxyRefusal(request.url, { cause });
      const why = signal.aborted ? "no answer in time" : wordsOf(cause);
      throw new PassingFault(`${request.url.host} can't be reached (${why})`, {
        cause,
        unsettled: !isUnconnected(cause),
      });
    } finally {
      clearTimeout(timer);
      forget();
    }
  }
}

/**
 * Rejects when the signal is aborted. A request does so by itself, but for one that was answered with 101: Node closes that
 * connection, and tells nobody.
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
function withSignal(signal: AbortSignal): HttpClient["handlers"][number] {
  return {
    prepareRequest: (options) => {
      options.signal = signal;
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error("This handler knows no authentication")),
  };
}

/** @returns where a redirect leads, or null if that is no place to go: not HTTP, or from HTTPS to plain HTTP. */
function followable(location: string, from: URL): URL | null {
  if (!URL.canParse(location, from.href)) return null;
  const target = new URL(location, from);
  const allowed = from.protocol === "https:" ? ["https:"] : ["http:", "https:"];
  return allowed.includes(target.protocol) ? target : null;
}

async function send(client: HttpClient, { method, url, headers, authorization, body }: HttpRequest) {
  const { message } = await client.request(method, url.href, body === null ? null : streamOf(body), {
    ...headers,
    ...(authorization === null ? {} : { authorization }),
    ...(body === null ? {} : { "content-length": String(body.length) }),
  });
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers["content-type"] ?? "",
    location: message.headers.location,
    retryAfter: retryAfterOf(message.headers["retry-after"]),
    body: await bodyOf(message),
  };
}

/**
 * A body as the client takes it: of a stream, it uses only these two methods. A real stream makes each start 2 ms longer,
 * since Node compiles its code for it.
 */
function streamOf(body: Buffer): NodeJS.ReadableStream {
  const stream = { on: () => stream, pipe: (request: ClientRequest) => request.end(body) };
  return stream as unknown as NodeJS.ReadableStream;
}

/** The client's own reader waits for ever when an answer is cut off. */
function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > LARGEST_ANSWER) message.destroy(new OversizedAnswer(`an answer of over ${LARGEST_ANSWER} bytes`));
    });
    message.on("end", () => resolve(Buffer.concat(chunks)));
    message.on("error", reject);
  });
}

/** `Retry-After`, RFC 9110 §10.2.3: seconds or a date. */
function retryAfterOf(header: string | undefined): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** @returns the status that a proxy refused a tunnel with; null if there was none, undefined for any other error. */
function statusOfProxy(error: unknown): number | null | undefined {
  const [refused, status] = (error instanceof Error && NO_TUNNEL.exec(error.message)) || [];
  return refused === undefined ? undefined : status === undefined ? null : Number(status);
}

/** Whether a request failed before there was a connection that could have carried it. */
function isUnconnected(error: unknown): boolean {
  if (statusOfProxy(error) !== undefined) return true;
  const { syscall, errors } = (error ?? {}) as { syscall?: unknown; errors?: readonly unknown[] };
  // Where Node tried several addresses, there is an error for each.
  return errors === undefined ? syscall === "connect" || syscall === "getaddrinfo" : errors.every(isUnconnected);
}

/** Where Node tried several addresses, its error has no message but a code. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}
