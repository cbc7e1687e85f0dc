import { ServiceError, type ServiceErrorCode, type ServiceErrorDetails } from "../../errors/service-error.ts";
import type { HttpAnswer } from "../../network/http.ts";
import { isCutShort } from "./cut-short.ts";
import { missingSupport } from "./protocol-support.ts";
import { errorInAnswer, type ReportedRefusal } from "./push-report.ts";
import { codeOfRefusal, OBJECT_MISSING, refusedUpdate } from "./refusal.ts";
import { serverWords, wordsOfBody } from "./server-words.ts";
import type { GitService } from "./smart-http-requests.ts";

export interface SmartHttpFailuresOptions {
  /** The repository's address, for messages. */
  readonly place: string;
  readonly credentialKind: "token" | "login" | null;
  /** The address with `.git`, if the server answered 404 to both addresses. */
  readonly alsoNotFound: string | null;
  /** The texts that no message may show. A server may repeat a request in its answer. */
  readonly secrets: readonly string[];
}

/** The errors for answers that are of no use: each method returns one. */
export class SmartHttpFailures {
  readonly #place: string;
  readonly #credentialKind: "token" | "login" | null;
  readonly #alsoNotFound: string | null;
  readonly #secrets: readonly string[];

  constructor({ place, credentialKind, alsoNotFound, secrets }: SmartHttpFailuresOptions) {
    this.#place = place;
    this.#credentialKind = credentialKind;
    this.#alsoNotFound = alsoNotFound;
    this.#secrets = secrets.filter((secret) => secret !== "");
  }

  /**
   * @param answer An answer that is not of this git service by its status or its content type.
   * @returns null if it may be the report of a push all the same. A push is refused only by the server's own words and by a
   *   status for credentials: any other answer may be a proxy's, after the push was carried out.
   */
  failureOf(answer: HttpAnswer, service: GitService): ServiceError | null {
    const { status, contentType, redirectedTo, body } = answer;
    const writes = service === "git-receive-pack";
    const redirect = redirectedTo === null ? "" : `, after a redirect to ${redirectedTo}, which gets no token`;
    const words = wordsOfBody(answer, (text) => this.#hidden(text));
    const shown = words === "" ? `(${status})` : `(${status}: ${words})`;
    const lost = { effect: writes ? "possible" : "none" } as const;
    const forbidden = writes ? "token-may-not-write" : "token-may-not-read";
    switch (status) {
      case 401:
        if (this.#credentialKind === null)
          return this.#failure("token-missing", `asks for credentials ${shown}${redirect}`);
        return this.#credentialKind === "token"
          ? this.#failure("token-refused", `refused the token ${shown}${redirect}`)
          : this.#failure("login-refused", `refused the user name or the password ${shown}${redirect}`);
      case 403: {
        const problem = `does not let the token ${writes ? "write" : "read"} ${shown}${redirect}`;
        return this.#failure(codeOfRefusal(words, forbidden) ?? forbidden, problem);
      }
      case 404: {
        const either = this.#alsoNotFound === null ? "" : `, and neither is ${this.#alsoNotFound}`;
        const problem = `is no repository that the token may see ${shown}${either}${redirect}`;
        return this.#failure("repository-not-found", problem, lost);
      }
      case 200:
        break;
      default:
        return this.notARepository(`it answered ${shown.slice(1, -1)}${redirect}`, lost);
    }
    const refusal = errorInAnswer(body);
    // The report of a push may be a refusal too.
    if (refusal !== null) return writes ? null : this.refusedRead(refusal);
    const why = `it answered with ${contentType || "no content type"}, not as a git server does${redirect}`;
    return this.notARepository(why, lost);
  }

  refusedRead(said: string): ServiceError {
    const words = this.#hidden(said);
    const code = codeOfRefusal(words, "token-may-not-read");
    return code === null
      ? this.notARepository(serverWords(words))
      : this.#failure(code, `does not let the token read (${serverWords(words)})`);
  }

  /** The error for a fetch without objects. Of a server's reasons, only a missing object is about a ref. */
  refusedFetch(words: string): ServiceError {
    return OBJECT_MISSING.test(words) ? this.notSent(serverWords(this.#hidden(words))) : this.refusedRead(words);
  }

  notSent(words: string): ServiceError {
    return this.#failure("ref-without-object", words);
  }

  oversizedPack(cause: Error): ServiceError {
    return this.#failure("oversized-answer", cause.message, { cause });
  }

  refusedUpdate(ref: string, refusal: ReportedRefusal): ServiceError {
    const reason = this.#hidden(refusal.reason);
    const messages = this.#hidden(refusal.messages);
    return refusedUpdate({ place: this.#place, ref, reason, messages, forbidden: "token-may-not-write" });
  }

  lostReport(cause: Error): ServiceError {
    const details = { effect: "possible", retryAfter: 0, cause } as const;
    return this.#failure("unreachable", `sent no push report (${cause.message})`, details);
  }

  /** @returns null if the server's capabilities lack nothing. */
  missingSupport(advertisement: Buffer): ServiceError | null {
    const why = missingSupport(advertisement);
    return why === null ? null : this.#failure("repository-unsupported", `cannot keep locks (${why})`);
  }

  /** The error for an answer to a read that is not as git's documentation says. One that is cut short is a lost answer. */
  unreadable(answer: Buffer, cause: Error): ServiceError {
    return isCutShort(answer)
      ? this.#failure("unreachable", "sent only a part of its answer", { retryAfter: 0, cause })
      : this.notARepository(cause.message, { cause });
  }

  notARepository(why: string, details: Partial<ServiceErrorDetails> = {}): ServiceError {
    return this.#failure("not-a-repository", `cannot keep locks (${why.replace(/\.$/, "")})`, details);
  }

  #hidden(words: string): string {
    return this.#secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), words);
  }

  #failure(code: ServiceErrorCode, problem: string, details: Partial<ServiceErrorDetails> = {}): ServiceError {
    return new ServiceError(code, { place: this.#place, problem, effect: "none", ...details });
  }
}
