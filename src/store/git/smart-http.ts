import { type Effect, ServiceError, type ServiceErrorCode } from "../../errors/service-error.ts";
import type { RepositoryLocation } from "../../location/location.ts";
import type { Deadline } from "../../network/deadline.ts";
import { type HttpAnswer, HttpConnection } from "../../network/http.ts";
import { retrying } from "../../network/retry.ts";
import type { Instant } from "../../scheduler/instant.ts";
import type { Fetched, GitRemote, PushAnswer, RefUpdate, Tip } from "./git-remote.ts";
import { EMPTY_TREE, type GitObject, type ObjectId } from "./objects.ts";
import { loadZlib, readPack, writePack } from "./pack.ts";
import { DELIMITER, demultiplex, FLUSH, type Packet, ProtocolError, packets, pktLine, textOf } from "./pkt-line.ts";

/** How often the refs are read again when an object that one pointed to is gone before it is fetched. */
const MOST_REREADS = 3;

type Service = "git-upload-pack" | "git-receive-pack";

interface Listed {
  readonly tips: readonly Tip[];
  readonly now: Instant | null;
}

interface Objects {
  readonly objects: ReadonlyMap<ObjectId, GitObject>;
  /** The server's words, if it refused. */
  readonly refusal: string | null;
  readonly now: Instant | null;
}

export interface SmartHttpOptions {
  readonly location: RepositoryLocation;
  /** The password of basic authentication. Empty: no credentials are sent. */
  readonly token: string;
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
  readonly #url: URL;
  readonly #token: string;
  readonly #connection: HttpConnection;
  readonly #log: (line: string) => void;

  constructor({ location: { url }, token, userAgent, log }: SmartHttpOptions) {
    this.#url = new URL(url.href.replace(/\/*$/, "/"));
    this.place = url.href.replace(/\/*$/, "");
    this.#token = token;
    this.#connection = new HttpConnection({ place: this.place, userAgent });
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
      const { objects, refusal, now } = await this.#objects([...new Set(wanted.map(({ id }) => id))], deadline);
      const tips = wanted.flatMap((tip) => {
        const object = objects.get(tip.id);
        return object === undefined ? [] : [{ ...tip, object }];
      });
      if (tips.length === wanted.length) return { tips, now };
      if (rereads === MOST_REREADS) {
        throw this.#notARepository(refusal ?? "it does not send the objects that its refs point to");
      }
    }
  }

  /** @see https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer */
  async push({ ref, from, to, commit }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    const command = pktLine(`${from} ${to} ${ref}\0 report-status side-band-64k`);
    const body = Buffer.concat([command, FLUSH, writePack([commit, EMPTY_TREE])]);
    try {
      const answer = await this.#post("git-receive-pack", body, deadline);
      this.#checkAnswer(answer, "git-receive-pack");
      return reportOn(ref, answer.body);
    } catch (cause) {
      if (cause instanceof ServiceError && (cause.retryAfter !== null || cause.effect === "possible")) {
        return { outcome: "unknown", failure: cause };
      }
      if (!(cause instanceof ProtocolError)) throw cause;
      const failure = this.#failure("unreachable", `sent no push report (${cause.message})`, "possible", cause);
      return { outcome: "unknown", failure };
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #tipsUnder(prefixes: readonly string[], deadline: Deadline): Promise<Listed> {
    const answer = await this.#command(
      "ls-refs",
      prefixes.map((prefix) => `ref-prefix ${prefix}\n`),
      deadline,
    );
    return this.#understood(() => {
      const tips: Tip[] = [];
      for (const packet of packets(answer.body)) {
        if (packet.kind === "flush") return { tips, now: answer.date };
        const [, id, ref] = (packet.kind === "data" && /^([0-9a-f]{40}) (\S+)/.exec(textOf(packet.payload))) || [];
        if (id === undefined || ref === undefined) {
          throw new ProtocolError("its list of refs is not one of protocol v2 with SHA-1 ids");
        }
        tips.push({ id, ref });
      }
      throw new ProtocolError("its list of refs is cut short");
    });
  }

  /**
   * @returns the objects; or none, and the server's words, if the server no longer has one of them.
   * @see https://git-scm.com/docs/gitprotocol-v2#_fetch
   */
  async #objects(ids: readonly ObjectId[], deadline: Deadline): Promise<Objects> {
    // A state document has no parents. Depth 1 is for a ref that a person moved to another commit: without it the server
    // would send that commit's whole history.
    const wants = ["no-progress\n", "deepen 1\n", ...ids.map((id) => `want ${id}\n`), "done\n"];
    const answer = await this.#command("fetch", wants, deadline);
    return this.#understood(() => {
      const now = answer.date;
      const rest = packets(answer.body);
      for (const packet of rest) {
        if (packet.kind !== "data") continue;
        const line = textOf(packet.payload);
        if (line.startsWith("ERR ")) return { objects: new Map(), refusal: line.slice("ERR ".length), now };
        if (line !== "packfile") continue;
        const { data, fatal } = demultiplex(rest);
        if (fatal !== null) throw new ProtocolError(fatal);
        return { objects: readPack(data), refusal: null, now };
      }
      throw new ProtocolError("its answer holds no pack");
    });
  }

  /** Sends one command of protocol v2 until an answer comes: it changes nothing on the server. */
  async #command(name: string, lines: readonly string[], deadline: Deadline): Promise<HttpAnswer> {
    const body = Buffer.concat([pktLine(`command=${name}\n`), DELIMITER, ...lines.map(pktLine), FLUSH]);
    // Node takes 1 to 2 ms to load zlib. It does so while the server works on its answer.
    setImmediate(loadZlib);
    const { result } = await retrying(deadline, this.#log, () => this.#post("git-upload-pack", body, deadline));
    this.#checkAnswer(result, "git-upload-pack");
    return result;
  }

  #post(service: Service, body: Buffer, deadline: Deadline): Promise<HttpAnswer> {
    const writes = service === "git-receive-pack";
    // GitHub, GitLab, Gitea and Bitbucket take any user name with a token. This one is from GitHub's documentation.
    const credentials = Buffer.from(`x-access-token:${this.#token}`).toString("base64");
    return this.#connection.send(
      {
        method: "POST",
        url: new URL(service, this.#url),
        headers: {
          ...(!writes && { "git-protocol": "version=2" }),
          accept: `application/x-${service}-result`,
          "content-type": `application/x-${service}-request`,
        },
        authorization: this.#token === "" ? null : `Basic ${credentials}`,
        body,
        writes,
        followsToOtherOrigins: true,
      },
      deadline,
    );
  }

  #checkAnswer({ status, contentType, redirectedTo }: HttpAnswer, service: Service): void {
    const redirect = redirectedTo === null ? "" : `, after a redirect to ${redirectedTo}, which gets no token`;
    const refuse = (code: ServiceErrorCode, problem: string) => this.#failure(code, `${problem}${redirect}`);
    switch (status) {
      case 401:
        throw this.#token === ""
          ? refuse("token-missing", "asks for credentials (401)")
          : refuse("token-refused", "refused the token (401)");
      case 403:
        throw service === "git-receive-pack"
          ? refuse("token-may-not-write", "does not let the token write (403)")
          : refuse("token-may-not-read", "does not let the token read (403)");
      case 404:
        throw refuse("repository-not-found", "is no repository that the token may see (404)");
      case 200:
        break;
      default:
        throw this.#notARepository(`it answered ${status}${redirect}`);
    }
    if (!contentType.startsWith(`application/x-${service}-result`)) {
      throw this.#notARepository(
        `it answered with ${contentType || "no content type"}, not as a git server does${redirect}`,
      );
    }
  }

  #understood<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof ProtocolError) throw this.#notARepository(cause.message, cause);
      throw cause;
    }
  }

  #notARepository(why: string, cause?: unknown): ServiceError {
    return this.#failure("not-a-repository", `cannot keep locks (${why.replace(/\.$/, "")})`, "none", cause);
  }

  #failure(code: ServiceErrorCode, problem: string, effect: Effect = "none", cause?: unknown): ServiceError {
    return new ServiceError(code, { place: this.place, problem, effect, cause });
  }
}

/** @see https://git-scm.com/docs/gitprotocol-pack#_report_status */
function reportOn(ref: string, body: Buffer): PushAnswer {
  let outer = [...packets(body)];
  let messages = "";
  if (isMultiplexed(outer[0])) {
    const sideband = demultiplex(outer);
    messages = sideband.messages;
    if (sideband.fatal !== null) return { outcome: "rejected", words: wordsOf(sideband.fatal, messages) };
    outer = [...packets(sideband.data)];
  }
  const lines = outer.flatMap((packet) => (packet.kind === "data" ? [textOf(packet.payload)] : []));
  const [unpack, ...commands] = lines;
  if (unpack === undefined) throw new ProtocolError("its report is empty");
  if (unpack.startsWith("ERR ")) return { outcome: "rejected", words: wordsOf(unpack.slice(4), messages) };
  const onRef = commands.find((line) => line === `ok ${ref}` || line.startsWith(`ng ${ref}`));
  if (unpack === "unpack ok" && onRef === `ok ${ref}`) return { outcome: "moved" };
  return { outcome: "rejected", words: wordsOf(onRef?.replace(`ng ${ref} `, "") ?? unpack, messages) };
}

function isMultiplexed(packet: Packet | undefined): boolean {
  const band = packet?.kind === "data" ? packet.payload[0] : undefined;
  return band !== undefined && band >= 1 && band <= 3;
}

/** The server's reason and the messages of its hooks, in one line. */
function wordsOf(reason: string, messages: string): string {
  return [reason, ...messages.split(/[\r\n]+/)]
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("; ")
    .slice(0, 500);
}
