import {
  type Effect,
  ServiceError,
  type ServiceErrorCode,
  type ServiceErrorDetails,
  strongerEffect,
} from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import { type HttpAnswer, HttpConnection } from "../../network/http.ts";
import type { HttpRequest } from "../../network/http-exchange.ts";
import { retrying } from "../../network/retry.ts";
import { AnswerError } from "./server-answers.ts";

/** The credentials that a request carries. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** Each call gets a new token: GitHub's OIDC tokens expire within minutes. */
  | { readonly kind: "bearer"; readonly token: (deadline: Deadline) => Promise<string> };

interface ServerRequest {
  readonly method: HttpRequest["method"];
  /** The segments of the path, without percent-encoding. */
  readonly path: readonly string[];
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Whether the request may change anything on the server: after a lost answer its effect is then `possible`. */
  readonly writes: boolean;
}

/** An answer to the request itself: 200, 404 where there is no such job or lock, or 409 where the job's state forbids it. */
export interface ServerAnswer {
  readonly status: 200 | 404 | 409;
  /** The body's JSON. Undefined for an empty body, and for a 404 that is not JSON. */
  readonly json: unknown;
  /** The effect of earlier attempts: with `possible`, this may be the answer to a request that was carried out before. */
  readonly earlierEffect: Effect;
  /** The effect of all attempts, if this answer is not well-formed: a proxy may have sent it in the server's place. */
  readonly effectIfMalformed: Effect;
  /** Whether this is the 404 of an original server for a path that it does not have. */
  readonly isUnknownPath: boolean;
}

/** An answer of any status, and its body's JSON. Undefined for a body that is empty or not JSON. */
interface ReceivedAnswer extends HttpAnswer {
  readonly json: unknown;
}

/** The mark is a response header that only this project's server sends, and not an original one. */
export interface MarkOptions {
  /** Whether the server has shown its mark before, to another process. */
  readonly isMarked?: boolean;
  /** Called when the server shows its mark for the first time. */
  readonly onMark?: () => void;
}

/** The response header that this project's server sends with each answer: its mark. */
const MARK = "cronyx-server";

/** An original server's whole answer for a path that it does not have. */
const UNKNOWN_PATH = "NOT_FOUND";

export interface ServerConnectionOptions extends MarkOptions {
  /** Without credentials and without a slash at its end. */
  readonly address: string;
  readonly credentials: Credentials;
  readonly userAgent: string;
  readonly log: (line: string) => void;
}

/** Sends requests to a CronyxServer until an answer comes: docs/rest-api.md, "A client's duty". */
export class ServerConnection {
  /** The server's address, for messages. */
  readonly place: string;
  readonly #credentials: Credentials;
  readonly #connection: HttpConnection;
  readonly #log: (line: string) => void;
  readonly #onMark: () => void;
  #isMarked: boolean;

  constructor({ address, credentials, userAgent, log, isMarked = false, onMark = () => {} }: ServerConnectionOptions) {
    this.place = address;
    this.#isMarked = isMarked;
    this.#onMark = onMark;
    this.#credentials = credentials;
    this.#connection = new HttpConnection({ place: address, userAgent });
    this.#log = log;
  }

  /** Whether the server has shown its mark, and so is this project's. */
  get isMarked(): boolean {
    return this.#isMarked;
  }

  /** @throws ServiceError with the effect of all attempts together. */
  async ask(request: ServerRequest, deadline: Deadline): Promise<ServerAnswer> {
    const { result, earlierEffect } = await retrying(deadline, this.#log, async () => {
      // For each attempt: a token may expire before the deadline.
      const sent = this.#httpRequest(request, await this.#authorization(deadline));
      return this.#sendOnce(sent, deadline);
    });
    const effectIfMalformed = strongerEffect(earlierEffect, request.writes ? "possible" : "none");
    try {
      return { ...this.#checkStatus(result, effectIfMalformed), earlierEffect, effectIfMalformed };
    } catch (error) {
      throw error instanceof ServiceError ? error.withEffect(earlierEffect) : error;
    }
  }

  /** @returns the error for an answer that does not come from a CronyxServer. */
  notAServer(why: string, effect: Effect, cause?: unknown): ServiceError {
    return this.failure("not-a-server", { problem: `does not answer as a CronyxServer (${why})`, effect, cause });
  }

  /**
   * @param answer A 404. Of another form than an original server's, it may be a proxy's.
   * @returns the error for a call that an original server does not have.
   */
  originalServer(problem: string, { isUnknownPath, earlierEffect, effectIfMalformed }: ServerAnswer): ServiceError {
    return this.failure("original-server", {
      problem: `${problem}, being an original CronyxServer (404)`,
      effect: isUnknownPath ? earlierEffect : effectIfMalformed,
    });
  }

  /** @throws ServiceError for JSON that `parse` refuses with an AnswerError. */
  parse<T>({ json, effectIfMalformed }: ServerAnswer, parse: (json: unknown) => T): T {
    try {
      return parse(json);
    } catch (cause) {
      if (cause instanceof AnswerError) throw this.notAServer(cause.message, effectIfMalformed, cause);
      throw cause;
    }
  }

  failure(code: ServiceErrorCode, details: Omit<ServiceErrorDetails, "place">): ServiceError {
    return new ServiceError(code, { place: this.place, ...details });
  }

  close(): void {
    this.#connection.close();
  }

  /**
   * @throws ServiceError for an answer without the mark, from a server that has shown it before: that is a proxy's. Also for
   *   JSON with the mark that is cut short, although HTTP says that it ended: that is a lost answer.
   */
  async #sendOnce(request: HttpRequest, deadline: Deadline): Promise<ReceivedAnswer> {
    const answer = await this.#connection.send(request, deadline);
    const json = jsonIn(answer.body);
    if (answer.headers[MARK] !== undefined) {
      if (!this.#isMarked) this.#onMark();
      this.#isMarked = true;
      if (answer.status === 200 && answer.body.length > 0 && json === undefined) {
        throw this.failure("unreachable", {
          problem: "sent only a part of its answer",
          effect: request.writes ? "possible" : "none",
          retryAfter: 0,
        });
      }
    } else if (this.#isMarked && answer.redirectedTo === null) {
      throw this.failure("proxy-answered", {
        problem: `did not answer itself: the answer ${answer.status} lacks the header Cronyx-Server, so a proxy sent it`,
        effect: request.writes ? "possible" : "none",
        retryAfter: 0,
      });
    }
    return { ...answer, json };
  }

  #httpRequest(
    { method, path, query = "", headers = {}, body, writes }: ServerRequest,
    authorization: string | null,
  ): HttpRequest {
    return {
      method,
      url: new URL(`${this.place}/${path.map(encodeURIComponent).join("/")}${query}`),
      headers: { accept: "application/json", ...(body && { "content-type": "application/json" }), ...headers },
      authorization,
      body: body === undefined ? null : Buffer.from(JSON.stringify(body)),
      writes,
      followsToOtherOrigins: false,
    };
  }

  async #authorization(deadline: Deadline): Promise<string | null> {
    const credentials = this.#credentials;
    switch (credentials.kind) {
      case "none":
        return null;
      case "basic":
        return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
      case "bearer":
        return `Bearer ${await credentials.token(deadline)}`;
    }
  }

  #checkStatus(
    { status, contentType, body, redirectedTo, json }: ReceivedAnswer,
    effectIfMalformed: Effect,
  ): Pick<ServerAnswer, "status" | "json" | "isUnknownPath"> {
    if (redirectedTo !== null) {
      throw this.failure("redirected", {
        problem: `redirects to ${redirectedTo}, which gets neither request nor credentials`,
        // A server that has shown its mark redirects nothing: a proxy answered in its place.
        effect: this.#isMarked ? effectIfMalformed : "none",
      });
    }
    const isUnknownPath = status === 404 && body.toString() === UNKNOWN_PATH;
    switch (status) {
      case 200:
        if (json === undefined && body.length > 0) {
          throw this.notAServer(`its answer is ${contentType || "of no content type"}, not JSON`, effectIfMalformed);
        }
        return { status, json, isUnknownPath };
      case 401:
        throw this.#loginRefusal();
      case 403:
        throw this.failure("rules-forbid", {
          problem: `does not allow this${wordsIn(status, json)}`,
          effect: messageIn(json) === null ? effectIfMalformed : "none",
        });
      case 404:
        return { status, json, isUnknownPath };
      case 409:
        if (messageIn(json) === null) throw this.notAServer(`it answered ${status}`, effectIfMalformed);
        return { status, json, isUnknownPath };
      default:
        if (messageIn(json) === null) throw this.notAServer(`it answered ${status}`, effectIfMalformed);
        throw this.#refusal("request-refused", `refused the request${wordsIn(status, json)}`);
    }
  }

  #loginRefusal(): ServiceError {
    switch (this.#credentials.kind) {
      case "none":
        return this.#refusal("login-missing", "asks for credentials (401)");
      case "basic":
        return this.#refusal("login-refused", "refused the username and password (401)");
      case "bearer":
        return this.#refusal("bearer-token-refused", "refused the token (401)");
    }
  }

  #refusal(code: ServiceErrorCode, problem: string): ServiceError {
    return this.failure(code, { problem, effect: "none" });
  }
}

/** @returns the reason that a server's answer gives, if any. */
export function messageIn(json: unknown): string | null {
  const message = typeof json === "object" && json !== null && "message" in json ? json.message : null;
  return typeof message === "string" ? message : null;
}

function wordsIn(status: number, json: unknown): string {
  const message = messageIn(json);
  return message === null ? ` (${status})` : ` (${status}: ${message.slice(0, 500).replace(/\.$/, "")})`;
}

function jsonIn(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
