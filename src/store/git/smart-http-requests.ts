import type { RepositoryLocation } from "../../location/location.ts";
import type { Deadline } from "../../network/deadline.ts";
import { type HttpAnswer, HttpConnection } from "../../network/http.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

export interface GitRequest {
  readonly service: GitService;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: Buffer | null;
}

/** The user name and password of basic authentication. */
export interface GitLogin {
  readonly username: string;
  readonly password: string;
}

/** GitHub, GitLab, Gitea and Bitbucket take any user name with a token. This one is from GitHub's documentation. */
export function loginWith(token: string): GitLogin | null {
  return token === "" ? null : { username: "x-access-token", password: token };
}

export interface SmartHttpRequestsOptions {
  readonly location: RepositoryLocation;
  readonly login: GitLogin | null;
  readonly userAgent: string;
}

/** Sends requests to a repository behind git's smart HTTP. */
export class SmartHttpRequests {
  /** The repository's address, for messages. */
  readonly place: string;
  /** The address with `.git`, if the server answered 404 to both addresses. */
  alsoNotFound: string | null = null;
  #base: string;
  /** Whether the base is the right one: the server has answered, or both addresses were tried. */
  #isSettled = false;
  readonly #authorization: string | null;
  /** The password, and the form in which it is sent: no message shows them. */
  readonly secrets: readonly string[];
  readonly #connection: HttpConnection;

  constructor({ location: { url }, login, userAgent }: SmartHttpRequestsOptions) {
    this.place = url.href.replace(/\/*$/, "");
    this.#base = this.place;
    const credentials = login === null ? "" : Buffer.from(`${login.username}:${login.password}`).toString("base64");
    this.#authorization = login === null ? null : `Basic ${credentials}`;
    this.secrets = login === null ? [] : [login.password, credentials];
    this.#connection = new HttpConnection({ place: this.place, userAgent });
  }

  /** GitLab and others know a repository only by its address with `.git`. So after a 404 this address is tried too. */
  async send(request: GitRequest, deadline: Deadline): Promise<HttpAnswer> {
    const answer = await this.#sendTo(this.#base, request, deadline);
    if (answer.status !== 404 || this.#isSettled || this.#base.endsWith(".git")) {
      this.#isSettled ||= answer.status !== 404;
      return answer;
    }
    const withSuffix = `${this.#base}.git`;
    const second = await this.#sendTo(withSuffix, request, deadline);
    if (second.status === 404) this.alsoNotFound = withSuffix;
    else this.#base = withSuffix;
    this.#isSettled = true;
    return second;
  }

  close(): void {
    this.#connection.close();
  }

  #sendTo(base: string, { service, method, path, body }: GitRequest, deadline: Deadline): Promise<HttpAnswer> {
    const writes = service === "git-receive-pack";
    return this.#connection.send(
      {
        method,
        url: new URL(`${base}/${path}`),
        headers: {
          ...(!writes && { "git-protocol": "version=2" }),
          ...(method === "POST" && {
            accept: `application/x-${service}-result`,
            "content-type": `application/x-${service}-request`,
          }),
        },
        authorization: this.#authorization,
        body,
        writes,
        followsToOtherOrigins: true,
      },
      deadline,
    );
  }
}
