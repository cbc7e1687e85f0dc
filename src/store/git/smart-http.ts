import { ServiceError } from "../../errors/service-error.ts";
import type { RepositoryLocation } from "../../location/location.ts";
import type { Deadline } from "../../network/deadline.ts";
import type { HttpAnswer } from "../../network/http.ts";
import { retrying } from "../../network/retry.ts";
import { type Instant, isInstant } from "../../scheduler/instant.ts";
import type { Fetched, GitRemote, PushAnswer, RefUpdate, Tip, UnusableObject } from "./git-remote.ts";
import { EMPTY_TREE, type ObjectId } from "./objects.ts";
import { loadZlib, OversizedPackError, readPack, writePack } from "./pack.ts";
import { DELIMITER, demultiplex, FLUSH, ProtocolError, packets, pktLine, textOf } from "./pkt-line.ts";
import { errorInAnswer, refusalIn } from "./push-report.ts";
import { tipsIn } from "./ref-list.ts";
import type { SmartHttpFailures } from "./smart-http-failures.ts";
import { type GitLogin, type GitService, loginWith, SmartHttpRequests } from "./smart-http-requests.ts";
import type { FetchedObjects, FoundObjects } from "./usable-objects.ts";

/** How often the refs are read again when an object that one pointed to is gone before it is fetched. */
const MOST_REREADS = 3;

const NOT_SENT: UnusableObject = {
  type: "unusable",
  code: "ref-without-object",
  words: "the server does not send it",
};

interface Listed {
  readonly tips: readonly Tip[];
  readonly now: Instant | null;
}

export interface SmartHttpOptions {
  readonly location: RepositoryLocation;
  /** The password of basic authentication, for servers that take any user name. Empty: no credentials are sent. */
  readonly token: string;
  /** In place of the token, for servers that have users. */
  readonly login?: GitLogin | null;
  readonly userAgent: string;
  readonly log: (line: string) => void;
}

/**
 * A repository behind git's smart HTTP, spoken directly: no git binary, no clone, and no cost that grows with the
 * repository. A read is two requests of protocol v2, `ls-refs` and `fetch`; a push is one POST to `git-receive-pack`. The
 * requests that usually come before them only ask for the server's capabilities, and the server keeps no session.
 *
 * @see https://git-scm.com/docs/gitprotocol-http
 * @see https://git-scm.com/docs/gitprotocol-v2
 */
export class SmartHttpRemote implements GitRemote {
  readonly place: string;
  readonly #credentialKind: "token" | "login" | null;
  readonly #requests: SmartHttpRequests;
  readonly #log: (line: string) => void;

  constructor({ location, token, login = null, userAgent, log }: SmartHttpOptions) {
    this.#credentialKind = login !== null ? "login" : token !== "" ? "token" : null;
    this.#requests = new SmartHttpRequests({ location, userAgent, login: login ?? loginWith(token) });
    this.place = this.#requests.place;
    this.#log = log;
  }

  /** @see https://git-scm.com/docs/gitprotocol-v2#_ls_refs */
  async tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    const { tips } = await this.#tipsUnder(refs, deadline);
    // A server answers with every ref that starts with one of these names.
    return tips.filter(({ ref }) => refs.includes(ref));
  }

  async fetch(refs: readonly string[] | { readonly prefix: string }, deadline: Deadline): Promise<Fetched> {
    for (let rereads = 0; ; rereads++) {
      const listed = await this.#tipsUnder("prefix" in refs ? [refs.prefix] : refs, deadline);
      const wanted = "prefix" in refs ? listed.tips : listed.tips.filter(({ ref }) => refs.includes(ref));
      if (wanted.length === 0) return { tips: [], now: listed.now };
      const ids = [...new Set(wanted.map(({ id }) => id))];
      // Another caller may have moved a ref since it was listed, and the server may have removed the old object.
      const { objects, now } = await this.#eachObject(ids, deadline, { mayBeOutdated: rereads < MOST_REREADS });
      if (objects === null) continue;
      return { tips: wanted.map((tip) => ({ ...tip, object: objects.get(tip.id) ?? NOT_SENT })), now };
    }
  }

  /** @returns null for the objects if one is gone and the ids may be outdated. */
  async #eachObject(
    ids: readonly ObjectId[],
    deadline: Deadline,
    { mayBeOutdated }: { readonly mayBeOutdated: boolean },
  ): Promise<FoundObjects> {
    const fetch = (some: readonly ObjectId[]) => this.#objects(some, deadline);
    try {
      return await fetch(ids);
    } catch (error) {
      // Loaded only here: most objects can be used.
      const { usableObjects } = await import(/* webpackChunkName: "failure" */ "./usable-objects.ts");
      return usableObjects(ids, error, { fetch, mayBeOutdated });
    }
  }

  /** @see https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer */
  async push({ ref, from, to, commit }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    const command = pktLine(`${from} ${to} ${ref}\0 report-status side-band-64k`);
    // git wants no pack for a ref that is to be removed.
    const pack = commit === null ? [] : [writePack([commit, EMPTY_TREE])];
    const body = Buffer.concat([command, FLUSH, ...pack]);
    let answer: HttpAnswer;
    try {
      answer = await this.#post("git-receive-pack", body, deadline);
    } catch (cause) {
      if (cause instanceof ServiceError && (cause.retryAfter !== null || cause.effect === "possible")) {
        return { outcome: "failed", failure: cause };
      }
      throw cause;
    }
    const failure =
      (await this.#failureOf(answer, "git-receive-pack")) ?? (await this.#reportedFailure(answer.body, ref));
    return failure === null ? { outcome: "moved" } : { outcome: "failed", failure };
  }

  async #reportedFailure(report: Buffer, ref: string): Promise<ServiceError | null> {
    try {
      const refusal = refusalIn(report, ref);
      return refusal && (await this.#failures()).refusedUpdate(ref, refusal);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      return (await this.#failures()).lostReport(cause);
    }
  }

  /** @returns null for an answer of this git service. */
  async #failureOf(answer: HttpAnswer, service: GitService): Promise<ServiceError | null> {
    const isAnswered = answer.status === 200 && answer.contentType.startsWith(`application/x-${service}-result`);
    return isAnswered ? null : (await this.#failures()).failureOf(answer, service);
  }

  async close(): Promise<void> {
    this.#requests.close();
  }

  async #tipsUnder(prefixes: readonly string[], deadline: Deadline): Promise<Listed> {
    const wants = prefixes.map((prefix) => `ref-prefix ${prefix}\n`);
    return this.#command({ name: "ls-refs", lines: wants }, deadline, async (answer) => {
      const refusal = errorInAnswer(answer.body);
      if (refusal !== null) {
        throw (await this.#missingSupport(deadline)) ?? (await this.#failures()).refusedRead(refusal);
      }
      try {
        return { tips: tipsIn(answer.body), now: instantOf(answer) };
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause;
        const failure = (await this.#failures()).unreadable(answer.body, cause);
        throw failure.code === "not-a-repository" ? ((await this.#missingSupport(deadline)) ?? failure) : failure;
      }
    });
  }

  /** @see https://git-scm.com/docs/gitprotocol-v2#_fetch */
  async #objects(ids: readonly ObjectId[], deadline: Deadline): Promise<FetchedObjects> {
    // Depth 1 is for a ref whose commit has parents: without it the server would send the whole history.
    const wants = ["no-progress\n", "deepen 1\n", ...ids.map((id) => `want ${id}\n`), "done\n"];
    // Node takes 1 to 2 ms to load zlib, which the answer needs. It does so while the server works.
    setImmediate(loadZlib);
    return this.#command({ name: "fetch", lines: wants }, deadline, async (answer) => {
      // git dies of a damaged object before its first byte.
      if (answer.body.length === 0) throw (await this.#failures()).notSent(NOT_SENT.words);
      try {
        return await this.#objectsIn(answer, ids);
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause;
        const failures = await this.#failures();
        throw cause instanceof OversizedPackError
          ? failures.oversizedPack(cause)
          : failures.unreadable(answer.body, cause);
      }
    });
  }

  /** @throws ProtocolError for an answer that holds no complete pack. */
  async #objectsIn(answer: HttpAnswer, ids: readonly ObjectId[]): Promise<FetchedObjects> {
    const rest = packets(answer.body);
    for (const packet of rest) {
      if (packet.kind !== "data") continue;
      const line = textOf(packet.payload);
      if (line.startsWith("ERR ")) throw (await this.#failures()).refusedFetch(line.slice("ERR ".length));
      if (line !== "packfile") continue;
      const { data, fatal } = demultiplex(rest);
      if (fatal !== null) throw (await this.#failures()).refusedFetch(fatal);
      const objects = readPack(data);
      if (ids.every((id) => objects.has(id))) return { objects, now: instantOf(answer) };
      throw (await this.#failures()).notSent(NOT_SENT.words);
    }
    throw new ProtocolError("its answer holds no pack");
  }

  /**
   * Sends one command of protocol v2 until a whole answer comes: it changes nothing on the server.
   *
   * @param read Reads the answer. If it throws an error with `retryAfter`, the command is sent again.
   */
  async #command<T>(
    { name, lines }: { readonly name: string; readonly lines: readonly string[] },
    deadline: Deadline,
    read: (answer: HttpAnswer) => Promise<T>,
  ): Promise<T> {
    const body = Buffer.concat([pktLine(`command=${name}\n`), DELIMITER, ...lines.map(pktLine), FLUSH]);
    let attempts = 0;
    const { result } = await retrying(deadline, this.#log, async () => {
      let answer: HttpAnswer;
      try {
        answer = await this.#post("git-upload-pack", body, deadline);
      } catch (error) {
        // A server that does not know the command may answer 500, or nothing. A second failure is probably no passing fault.
        if (++attempts === 2) throw (await this.#missingSupport(deadline)) ?? error;
        throw error;
      }
      const failure = await this.#failureOf(answer, "git-upload-pack");
      if (failure === null) return read(answer);
      const { status, contentType } = answer;
      const mayLackSupport = [400, 405, 415].includes(status) || (status === 200 && contentType === "");
      throw (mayLackSupport ? await this.#missingSupport(deadline) : null) ?? failure;
    });
    return result;
  }

  /** Requests the server's capabilities, which no other request needs. @returns null if it lacks none, or gives no answer. */
  async #missingSupport(deadline: Deadline): Promise<ServiceError | null> {
    const request = {
      service: "git-upload-pack",
      method: "GET",
      path: "info/refs?service=git-upload-pack",
      body: null,
    } as const;
    try {
      const { status, body } = await this.#requests.send(request, deadline);
      return status === 200 ? (await this.#failures()).missingSupport(body) : null;
    } catch (error) {
      if (error instanceof ServiceError) return null;
      throw error;
    }
  }

  #post(service: GitService, body: Buffer, deadline: Deadline): Promise<HttpAnswer> {
    return this.#requests.send({ service, method: "POST", path: service, body }, deadline);
  }

  /** Loaded only here: most calls do not fail. */
  async #failures(): Promise<SmartHttpFailures> {
    const { SmartHttpFailures } = await import(/* webpackChunkName: "failure" */ "./smart-http-failures.ts");
    const { alsoNotFound, secrets } = this.#requests;
    return new SmartHttpFailures({ place: this.place, credentialKind: this.#credentialKind, alsoNotFound, secrets });
  }
}

/** @returns the time of the server's clock, or null without one that an instant can have. */
function instantOf({ date }: HttpAnswer): Instant | null {
  return date !== null && isInstant(date) ? date : null;
}
