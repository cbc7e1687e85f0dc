import type { Deadline } from "../network/deadline.ts";
import { type HttpAnswer, HttpConnection, type HttpRequest, OversizedAnswer, ProxyRefusal } from "../network/http.ts";
import { PassingFault, retrying } from "../network/retry.ts";
import { StoreError, type StoreErrorCode } from "../store/job-store.ts";
import type { Terms } from "./terms.ts";
import { tlsFault } from "./tls-fault.ts";

/** How a caller shows who it is. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** A token is asked for anew for each call: those of OpenID Connect live for minutes. */
  | { readonly kind: "bearer"; readonly token: (deadline: Deadline) => Promise<string> };

/** What a CronyxServer is asked. */
export interface ServerRequest {
  readonly method: HttpRequest["method"];
  /** The segments of the path, as they are: they get percent-encoded here. */
  readonly path: readonly string[];
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Whether it may change anything: if not, an answer that was lost leaves nothing open. */
  readonly changes: boolean;
}

/** An answer that was meant for the request: of status 200, or a 404. */
export interface ServerAnswer {
  readonly status: 200 | 404;
  /** The body's JSON; undefined for an empty body, and for a 404 that isn't JSON. */
  readonly json: unknown;
  /** Whether an earlier try may have changed something already, its answer being lost. */
  readonly repeated: boolean;
}

/**
 * Asks a CronyxServer, again and again until an answer comes: what may pass is tried again, as docs/rest-api.md has it
 * under "A client's duty". Calls throw a StoreError, `unsettled` if any of the tries may have been carried out.
 */
export class ServerConnection {
  /** For messages: where the server is. */
  readonly place: string;
  readonly #credentials: Credentials;
  readonly #connection: HttpConnection;
  readonly #log: (line: string) => void;
  readonly #terms: Terms;

  /** @param place The server's address, without credentials and without a slash at its end. */
  constructor(place: string, credentials: Credentials, userAgent: string, log: (line: string) => void, terms: Terms) {
    this.place = place;
    this.#credentials = credentials;
    this.#connection = new HttpConnection(userAgent);
    this.#log = log;
    this.#terms = terms;
  }

  async ask(request: ServerRequest, deadline: Deadline): Promise<ServerAnswer> {
    const sent = this.#prepared(request, await this.#authorization(deadline));
    let repeated = false;
    try {
      const answer = await retrying(deadline, this.#log, async () => {
        try {
          return await this.#connection.send(sent, deadline);
        } catch (error) {
          const fault = tlsFault(error, this.#terms);
          if (fault !== null) {
            throw this.#failure("unreachable", `can't be spoken to (${fault.why}): ${fault.remedy}`, { cause: error });
          }
          if (error instanceof PassingFault && error.unsettled) repeated = request.changes;
          throw error;
        }
      });
      return { ...this.#checked(answer), repeated };
    } catch (error) {
      throw this.#settled(error, repeated);
    }
  }

  /** What answers at the server's address isn't a CronyxServer. */
  isNoServer(why: string, options: { cause?: unknown; unsettled?: boolean } = {}): StoreError {
    return this.#failure(
      "unusable",
      `isn't a CronyxServer (${why}): check ${this.#terms.url}, its path included; for a git repository put git+ before it`,
      options,
    );
  }

  close(): void {
    this.#connection.close();
  }

  #prepared(
    { method, path, query = "", headers = {}, body }: ServerRequest,
    authorization: string | null,
  ): HttpRequest {
    return {
      method,
      url: new URL(`${this.place}/${path.map(encodeURIComponent).join("/")}${query}`),
      headers: { accept: "application/json", ...(body && { "content-type": "application/json" }), ...headers },
      authorization,
      body: body === undefined ? null : Buffer.from(JSON.stringify(body)),
      mayStray: false,
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

  #checked({ status, contentType, body, strayedTo }: HttpAnswer): Omit<ServerAnswer, "repeated"> {
    if (strayedTo !== null) {
      throw this.#failure(
        "not-found",
        `redirects to ${strayedTo}, where neither request nor credentials are sent: give ${this.#terms.url} that address if it is the right one`,
      );
    }
    const json = jsonIn(body);
    if (status === 401) throw this.#failure("unauthorized", this.#unauthorized());
    if (status === 403) {
      throw this.#failure(
        "forbidden",
        `doesn't allow this${wordsIn(status, json)}: let its rules admit this job name and these credentials`,
      );
    }
    if (status === 404) return { status, json };
    if (status !== 200) {
      if (messageIn(json) === null) throw this.isNoServer(`it answered ${status}`);
      throw this.#failure("refused", `refuses the request${wordsIn(status, json)}: change what it names`);
    }
    if (json === undefined && body.length > 0) {
      throw this.isNoServer(`it answered with ${contentType || "no content type"}, not with JSON`);
    }
    return { status, json };
  }

  #unauthorized(): string {
    const { anyLogin, bearer, otherBearer } = this.#terms;
    switch (this.#credentials.kind) {
      case "none":
        return `asks for credentials (401): give ${anyLogin}`;
      case "basic":
        return "refused the username and password (401): give the ones that it was set up with";
      case "bearer":
        return `refused the ${bearer} (401): ${otherBearer}`;
    }
  }

  #settled(error: unknown, unsettled: boolean): unknown {
    if (error instanceof PassingFault) {
      return new StoreError(
        "unreachable",
        `${this.place} gave no answer in time (${error.message}): check ${this.#terms.url} and the network, or try again later`,
        { cause: error, unsettled },
      );
    }
    const known = this.#told(error);
    if (!unsettled || !(known instanceof StoreError)) return known;
    return new StoreError(known.code, known.message, { cause: known.cause, unsettled });
  }

  #told(error: unknown): unknown {
    if (error instanceof OversizedAnswer) return this.isNoServer(error.message, { cause: error });
    return error instanceof ProxyRefusal ? new StoreError("unreachable", error.message, { cause: error }) : error;
  }

  #failure(code: StoreErrorCode, what: string, options: { cause?: unknown; unsettled?: boolean } = {}): StoreError {
    return new StoreError(code, `${this.place} ${what}`, options);
  }
}

/** The reason that the server gives, if any. */
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
