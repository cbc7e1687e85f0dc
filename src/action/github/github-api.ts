import { oneLine } from "../../backend/one-line.ts";
import { ServiceError } from "../../errors/service-error.ts";
import type { Deadline } from "../../network/deadline.ts";
import type { Environment } from "../../network/environment.ts";
import { HttpConnection } from "../../network/http.ts";
import { retrying } from "../../network/retry.ts";
import { messageOf } from "../error-message.ts";

export interface GitHubAnswer {
  readonly status: number;
  /** The JSON body. Null: there is none. */
  readonly body: unknown;
}

interface GitHubApiOptions {
  readonly env: Environment;
  readonly token: string;
  /** Gets a line before a request is sent again. */
  readonly log: (line: string) => void;
}

/**
 * Asks GitHub about this repository's workflow runs, with the token of the input `github-token`.
 *
 * @see https://docs.github.com/en/rest/actions
 */
export class GitHubApi {
  readonly #base: string;
  readonly #token: string;
  readonly #log: (line: string) => void;
  readonly #connection: HttpConnection;

  constructor({ env, token, log }: GitHubApiOptions) {
    this.#base = (env.GITHUB_API_URL || "https://api.github.com").replace(/\/+$/, "");
    this.#token = token;
    this.#log = log;
    this.#connection = new HttpConnection({ place: "GitHub's API", userAgent: "cronyx-action" });
  }

  /** @throws ServiceError if there is no answer until the deadline. A rate limit counts as no answer. */
  async get(path: string, deadline: Deadline): Promise<GitHubAnswer> {
    return this.#send("GET", path, null, deadline);
  }

  /** @throws ServiceError if there is no answer until the deadline. A rate limit counts as no answer. */
  async post(path: string, body: object, deadline: Deadline): Promise<GitHubAnswer> {
    return this.#send("POST", path, body, deadline);
  }

  close(): void {
    this.#connection.close();
  }

  async #send(method: "GET" | "POST", path: string, body: object | null, deadline: Deadline): Promise<GitHubAnswer> {
    const request = {
      method,
      url: new URL(this.#base + path),
      headers: {
        accept: "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        ...(body === null ? {} : { "content-type": "application/json" }),
      },
      authorization: `Bearer ${this.#token}`,
      body: body === null ? null : Buffer.from(JSON.stringify(body)),
      writes: method === "POST",
      followsToOtherOrigins: false,
    } as const;
    const { result } = await retrying(deadline, this.#log, () => this.#connection.send(request, deadline));
    return { status: result.status, body: jsonIn(result.body) };
  }
}

/** Asks GitHub by `ask`. @returns its result, or that of `onFailure`, which gets the reason why GitHub did not answer. */
export async function askGitHub<Result>(
  options: GitHubApiOptions,
  ask: (api: GitHubApi) => Promise<Result>,
  onFailure: (problem: string) => Result,
): Promise<Result> {
  const api = new GitHubApi(options);
  try {
    return await ask(api);
  } catch (error) {
    return onFailure(await failureText(error));
  } finally {
    api.close();
  }
}

/** @returns why GitHub did not answer. The remedies of a location do not fit, since no input leads to GitHub's API. */
async function failureText(error: unknown): Promise<string> {
  return error instanceof ServiceError ? oneLine(error.message) : messageOf(error);
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

/** @returns the problem of an answer that refuses a request, for want of a permission such as `actions: write`. */
export function missingPermission({ status }: GitHubAnswer, request: string, permission: string): string {
  return `GitHub does not let github-token ${request} (${status}): add "permissions: ${permission}" to the workflow or job`;
}

/** @returns the problem of an answer with a status that the request does not expect. */
export function unexpectedAnswer(answer: GitHubAnswer): string {
  return `GitHub's API answered ${answer.status} ${errorMessageIn(answer)}`.trimEnd();
}

/** @returns the text field `message` of GitHub's errors, or an empty text. */
export function errorMessageIn({ body }: GitHubAnswer): string {
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : "";
}
