import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { HttpClient } from "@actions/http-client";
import { withoutBrackets } from "./host.ts";

// One request and its answer, by the client of @actions/http-client. http.ts follows redirects and words failures.

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

const LARGEST_ANSWER = 4 * 1024 * 1024;

/** An answer that is longer than any expected one. The same request would get it again. */
export class OversizedAnswer extends Error {
  override name = "OversizedAnswer";
}

/** An answer of 407 comes from a proxy. */
export class ProxyRefusal extends Error {
  override name = "ProxyRefusal";
}

/** @see https://nodejs.org/api/http.html#httprequesturl-options-callback */
export function requestHandler(proxyAgent: Agent | null): HttpClient["handlers"][number] {
  return {
    prepareRequest: (options) => {
      // The request for a tunnel needs the host with its brackets.
      if (proxyAgent === null) options.host = withoutBrackets(String(options.host));
      else options.agent = proxyAgent;
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error("This handler knows no authentication")),
  };
}

/**
 * @param onSend Called with Node's request, which the client does not expose.
 * @throws OversizedAnswer, and the errors of Node and of `tunnel`.
 */
export async function exchange(
  client: HttpClient,
  { method, url, headers, authorization, body }: HttpRequest,
  onSend: (request: ClientRequest) => void,
) {
  const { message } = await client.request(method, url.href, streamOf(body, onSend), {
    ...headers,
    ...(authorization === null ? {} : { authorization }),
    ...(body === null ? {} : { "content-length": String(body.length) }),
  });
  const date = dateOf(message.headers.date);
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers["content-type"] ?? "",
    headers: message.headers,
    date,
    location: message.headers.location,
    retryAfter: retryAfterOf(message.headers["retry-after"], date ?? Date.now()),
    body: await bodyOf(message),
  };
}

/**
 * @returns an object for the client, which calls only these two methods of a stream. With a real stream each start would
 *   take 2 ms longer, since Node would compile its own code for streams.
 */
function streamOf(body: Buffer | null, onSend: (request: ClientRequest) => void): NodeJS.ReadableStream {
  const pipe = (request: ClientRequest) => {
    onSend(request);
    return request.end(body ?? undefined);
  };
  const stream = { on: () => stream, pipe };
  return stream as unknown as NodeJS.ReadableStream;
}

/** The client's own reader never ends when an answer is cut off, so this function replaces it. */
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

function dateOf(header: string | undefined): number | null {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? null : date;
}

/**
 * `Retry-After`, RFC 9110 §10.2.3: seconds or a date.
 *
 * @param now By the server's clock, if that is known.
 */
function retryAfterOf(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
