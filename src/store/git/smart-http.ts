import type { Deadline } from "../../network/deadline.ts";
import { type HttpAnswer, HttpConnection, OversizedAnswer, ProxyRefusal } from "../../network/http.ts";
import { PassingFault, retrying } from "../../network/retry.ts";
import { StoreError } from "../job-store.ts";
import type { StoreTerms } from "../terms.ts";
import type { GitRemote, PushAnswer, RefUpdate, Tip } from "./git-remote.ts";
import { EMPTY_TREE, type GitObject, type ObjectId } from "./objects.ts";
import { loadZlib, readPack, writePack } from "./pack.ts";
import { DELIMITER, demultiplex, FLUSH, type Packet, ProtocolError, packets, pktLine, textOf } from "./pkt-line.ts";

/** How often the refs are read anew when an object that one pointed to is gone by the time that it is asked for. */
const MOST_REREADS = 3;

/**
 * A repository behind git's smart HTTP, spoken directly: no git binary, no clone, and nothing that grows with the
 * repository. Reading is two requests of protocol v2, `ls-refs` and `fetch`; a push is one POST to
 * `git-receive-pack`. The requests that usually come before them only ask what the server can do, and the server keeps
 * nothing between requests.
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
  readonly #terms: StoreTerms;

  /**
   * @param url The repository's address, without credentials.
   * @param token Sent as the password of basic authentication. Empty: none is sent.
   */
  constructor(url: URL, token: string, userAgent: string, log: (line: string) => void, terms: StoreTerms) {
    this.#url = new URL(url.href.replace(/\/*$/, "/"));
    this.place = url.href.replace(/\/*$/, "");
    this.#token = token;
    this.#connection = new HttpConnection(userAgent);
    this.#log = log;
    this.#terms = terms;
  }

  /** @see https://git-scm.com/docs/gitprotocol-v2#_ls_refs */
  async tips(refs: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    const tips = await this.#tipsUnder(refs, deadline);
    // The server answers with every ref that starts like one of these.
    return tips.filter(({ ref }) => refs.includes(ref));
  }

  async fetch(
    refs: readonly string[] | { prefix: string },
    deadline: Deadline,
  ): Promise<readonly (Tip & { object: GitObject })[]> {
    for (let rereads = 0; ; rereads++) {
      const tips = "prefix" in refs ? await this.#tipsUnder([refs.prefix], deadline) : await this.tips(refs, deadline);
      if (tips.length === 0) return [];
      const { objects, refusal } = await this.#objects([...new Set(tips.map(({ id }) => id))], deadline);
      const found = tips.flatMap((tip) => {
        const object = objects.get(tip.id);
        return object === undefined ? [] : [{ ...tip, object }];
      });
      if (found.length === tips.length) return found;
      if (rereads === MOST_REREADS) {
        throw this.#unusable(refusal ?? "it doesn't send the objects that its refs point to");
      }
    }
  }

  /** @see https://git-scm.com/docs/gitprotocol-pack#_reference_update_request_and_packfile_transfer */
  async push({ ref, from, to, commit }: RefUpdate, deadline: Deadline): Promise<PushAnswer> {
    const command = pktLine(`${from} ${to} ${ref}\0 report-status side-band-64k`);
    const body = Buffer.concat([command, FLUSH, writePack([commit, EMPTY_TREE])]);
    let answer: HttpAnswer;
    try {
      answer = await this.#post("git-receive-pack", body, {}, deadline);
    } catch (cause) {
      if (cause instanceof PassingFault || cause instanceof OversizedAnswer) return { outcome: "unknown", cause };
      throw cause;
    }
    this.#checkAnswer(answer, "git-receive-pack");
    try {
      return reportOn(ref, answer.body);
    } catch (cause) {
      if (cause instanceof ProtocolError) return { outcome: "unknown", cause };
      throw cause;
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #tipsUnder(prefixes: readonly string[], deadline: Deadline): Promise<readonly Tip[]> {
    const answer = await this.#command(
      "ls-refs",
      prefixes.map((prefix) => `ref-prefix ${prefix}\n`),
      deadline,
    );
    return this.#understood(() => {
      const tips: Tip[] = [];
      for (const packet of packets(answer)) {
        if (packet.kind === "flush") return tips;
        const [, id, ref] = (packet.kind === "data" && /^([0-9a-f]{40}) (\S+)/.exec(textOf(packet.payload))) || [];
        if (id === undefined || ref === undefined) {
          throw new ProtocolError("its list of refs isn't one of protocol v2 with SHA-1 ids");
        }
        tips.push({ id, ref });
      }
      throw new ProtocolError("its list of refs is cut short");
    });
  }

  /**
   * @returns the objects; or none at all, and the server's words, if it doesn't have one of them any more.
   * @see https://git-scm.com/docs/gitprotocol-v2#_fetch
   */
  async #objects(
    ids: readonly ObjectId[],
    deadline: Deadline,
  ): Promise<{ readonly objects: ReadonlyMap<ObjectId, GitObject>; readonly refusal: string | null }> {
    // A state document has no parents. Depth 1 is for a ref that someone made point to another commit: without it, the
    // server would send all of that commit's history.
    const wants = ["no-progress\n", "deepen 1\n", ...ids.map((id) => `want ${id}\n`), "done\n"];
    const answer = await this.#command("fetch", wants, deadline);
    return this.#understood(() => {
      const rest = packets(answer);
      for (const packet of rest) {
        if (packet.kind !== "data") continue;
        const line = textOf(packet.payload);
        if (line.startsWith("ERR ")) return { objects: new Map(), refusal: line.slice("ERR ".length) };
        if (line !== "packfile") continue;
        const { data, fatal } = demultiplex(rest);
        if (fatal !== null) throw new ProtocolError(fatal);
        return { objects: readPack(data), refusal: null };
      }
      throw new ProtocolError("its answer holds no pack");
    });
  }

  /** Sends one command of protocol v2, again and again until an answer comes: it changes nothing on the server. */
  async #command(name: string, lines: readonly string[], deadline: Deadline): Promise<Buffer> {
    const body = Buffer.concat([pktLine(`command=${name}\n`), DELIMITER, ...lines.map(pktLine), FLUSH]);
    // Node takes 1 to 2 ms to load zlib. It does so while the server works on its answer.
    setImmediate(loadZlib);
    try {
      const answer = await retrying(deadline, this.#log, () =>
        this.#post("git-upload-pack", body, { "git-protocol": "version=2" }, deadline),
      );
      this.#checkAnswer(answer, "git-upload-pack");
      return answer.body;
    } catch (cause) {
      if (cause instanceof OversizedAnswer) throw this.#unusable(cause.message, cause);
      if (!(cause instanceof PassingFault)) throw cause;
      throw new StoreError(
        "unreachable",
        `${this.place} gave no answer in time (${cause.message}): check ${this.#terms.url} and the network, or try again later`,
        { cause },
      );
    }
  }

  #post(
    service: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    // Any user name does with a token, on GitHub, GitLab, Gitea and Bitbucket alike; GitHub's documentation has this one.
    const credentials = Buffer.from(`x-access-token:${this.#token}`).toString("base64");
    const sent = this.#connection.send(
      {
        method: "POST",
        url: new URL(service, this.#url),
        headers: {
          ...headers,
          accept: `application/x-${service}-result`,
          "content-type": `application/x-${service}-request`,
        },
        authorization: this.#token === "" ? null : `Basic ${credentials}`,
        body,
        mayStray: true,
      },
      deadline,
    );
    return sent.catch((error) => {
      throw error instanceof ProxyRefusal ? new StoreError("unreachable", error.message, { cause: error }) : error;
    });
  }

  #checkAnswer({ status, contentType, strayedTo }: HttpAnswer, service: string): void {
    const { url, token, permission, readOnly } = this.#terms;
    const writing = service === "git-receive-pack";
    const stray = strayedTo === null ? "" : ` It redirects to ${strayedTo}, where the token isn't sent.`;
    if (status === 401) {
      throw new StoreError(
        "unauthorized",
        this.#token === ""
          ? `${this.place} asks for credentials (401): give ${token} one that may write to that repository.${stray}`
          : `${this.place} refused the token (401): give ${token} one that is valid there and hasn't expired.${stray}`,
      );
    }
    if (status === 403) {
      throw new StoreError(
        "forbidden",
        writing
          ? `The token may not write to ${this.place} (403): ${permission}.${readOnly && ` ${readOnly}`}${stray}`
          : `The token may not read ${this.place} (403): ${permission}, or give ${token} another one.${stray}`,
      );
    }
    if (status === 404) {
      throw new StoreError(
        "not-found",
        `There is no repository at ${this.place} that the token may see (404): check ${url}, or ${permission}.${stray}`,
      );
    }
    if (status !== 200) throw this.#unusable(`it answered ${status}.${stray}`);
    if (!contentType.startsWith(`application/x-${service}-result`)) {
      throw this.#unusable(`it answered with ${contentType || "no content type"}, not as a git server does.${stray}`);
    }
  }

  #understood<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof ProtocolError) throw this.#unusable(cause.message, cause);
      throw cause;
    }
  }

  #unusable(why: string, cause?: unknown): StoreError {
    return new StoreError(
      "unusable",
      `${this.place} can't keep locks (${why.replace(/\.$/, "")}): check that ${this.#terms.url} is the address of a git repository`,
      { cause },
    );
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
  if (unpack === "unpack ok" && onRef === `ok ${ref}`) return { outcome: "taken" };
  return { outcome: "rejected", words: wordsOf(onRef?.replace(`ng ${ref} `, "") ?? unpack, messages) };
}

function isMultiplexed(packet: Packet | undefined): boolean {
  const band = packet?.kind === "data" ? packet.payload[0] : undefined;
  return band !== undefined && band >= 1 && band <= 3;
}

/** What the server said, in one line: its reason, and the messages of its hooks. */
function wordsOf(reason: string, messages: string): string {
  return [reason, ...messages.split(/[\r\n]+/)]
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("; ")
    .slice(0, 500);
}
