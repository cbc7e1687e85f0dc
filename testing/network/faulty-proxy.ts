import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What becomes of one request on its way, and of its answer. */
export type Fate =
  | { readonly kind: "pass" }
  /** Both get there, each that many milliseconds later. */
  | { readonly kind: "delay"; readonly request: number; readonly answer: number }
  /** The connection is cut, and the request never gets there. */
  | { readonly kind: "cut before"; readonly reset: boolean }
  /** The request gets there, and the connection is cut without a byte of the answer: at once, or when it has come. */
  | { readonly kind: "cut after"; readonly reset: boolean; readonly atOnce: boolean }
  /** The connection is cut after this share of the answer, from 0 to 1: at least a byte of it comes, and one is missing. */
  | { readonly kind: "cut within"; readonly reset: boolean; readonly share: number }
  /** The proxy answers by itself, be the request carried out before or not. */
  | {
      readonly kind: "answer";
      readonly status: 429 | 502 | 503;
      /** In seconds. */
      readonly retryAfter: number | null;
      readonly forwarded: boolean;
    }
  /** The connection is cut, or left without an answer until the sender hangs up; the request gets there that much later. */
  | { readonly kind: "late"; readonly cut: boolean; readonly after: number };

/** The first line of a request. */
export interface RequestLine {
  readonly method: string;
  readonly path: string;
}

/**
 * Stands between HTTP/1.1 clients and a server, and does to each request what its fate says. Connections of clients are
 * kept alive; each request goes on by a connection of its own, so what becomes of it is no matter of its client's.
 */
export class FaultyProxy {
  /** Asked for each request, in their order. */
  fate: (request: RequestLine) => Fate = () => ({ kind: "pass" });
  readonly #portOf: () => number | null;
  readonly #server = net.createServer((caller) => this.#serve(caller));
  readonly #callers = new Set<Socket>();
  readonly #exchanges = new Set<Promise<void>>();

  /** @param portOf The port on loopback where a request goes to; null while there is none: the connection is cut. */
  constructor(portOf: () => number | null) {
    this.#portOf = portOf;
  }

  /** @returns the URL to ask instead of the server's. */
  async listen(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until no request is on its way any more, be its sender gone or not. */
  async idle(): Promise<void> {
    while (this.#exchanges.size > 0) await Promise.all(this.#exchanges);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const caller of this.#callers) caller.destroy();
    await closed;
    await this.idle();
  }

  #serve(caller: Socket): void {
    const requests = new MessageReader();
    this.#callers.add(caller);
    caller.setNoDelay(true);
    caller.on("close", () => this.#callers.delete(caller));
    caller.on("error", () => {});
    caller.on("data", (bytes: Buffer) => {
      for (const request of requests.read(bytes)) {
        const exchange: Promise<void> = this.#exchange(caller, request).finally(() => this.#exchanges.delete(exchange));
        this.#exchanges.add(exchange);
      }
    });
  }

  async #exchange(caller: Socket, request: Buffer): Promise<void> {
    const fate = this.fate(requestLineOf(request));
    switch (fate.kind) {
      case "pass":
        return this.#passed(caller, request, 0);
      case "delay":
        await pause(fate.request);
        return this.#passed(caller, request, fate.answer);
      case "cut before":
        return cut(caller, fate.reset);
      case "cut after": {
        const answered = this.#forwarded(request);
        if (!fate.atOnce) await answered;
        cut(caller, fate.reset);
        await answered;
        return;
      }
      case "cut within": {
        const answer = await this.#forwarded(request);
        if (answer === null) return cut(caller, fate.reset);
        const length = 1 + Math.floor(fate.share * (answer.length - 2));
        caller.write(answer.subarray(0, length), () => cut(caller, fate.reset));
        return;
      }
      case "answer":
        if (fate.forwarded) await this.#forwarded(request);
        caller.write(ownAnswer(fate.status, fate.retryAfter));
        return;
      case "late":
        if (fate.cut) cut(caller, false);
        else if (!caller.destroyed) await once(caller, "close");
        await pause(fate.after);
        await this.#forwarded(request);
    }
  }

  async #passed(caller: Socket, request: Buffer, wait: number): Promise<void> {
    const answer = await this.#forwarded(request);
    if (answer === null) return cut(caller, false);
    await pause(wait);
    caller.write(answer);
  }

  /** @returns the whole answer; null if none came, or only a part of it. */
  #forwarded(request: Buffer): Promise<Buffer | null> {
    const port = this.#portOf();
    if (port === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const answers = new MessageReader();
      const server = net.connect({ port, host: "127.0.0.1", noDelay: true }, () => server.write(request));
      server.on("data", (bytes: Buffer) => {
        const [answer] = answers.read(bytes);
        if (answer === undefined) return;
        resolve(answer);
        server.destroy();
      });
      server.on("error", () => {});
      server.on("close", () => resolve(null));
    });
  }
}

/** Takes a stream of bytes apart into messages, as far as both sides here make use of it: RFC 9112 §6, `Content-Length`. */
class MessageReader {
  #bytes = Buffer.alloc(0);

  read(more: Buffer): readonly Buffer[] {
    this.#bytes = Buffer.concat([this.#bytes, more]);
    const messages: Buffer[] = [];
    for (let length = this.#length(); length <= this.#bytes.length; length = this.#length()) {
      messages.push(this.#bytes.subarray(0, length));
      this.#bytes = this.#bytes.subarray(length);
    }
    return messages;
  }

  /** @returns that of the first message; infinite as long as its head isn't whole. */
  #length(): number {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end === -1) return Number.POSITIVE_INFINITY;
    const head = this.#bytes.subarray(0, end).toString("latin1");
    if (/^transfer-encoding:/im.test(head)) throw new Error(`The proxy knows no Transfer-Encoding:\n${head}`);
    const [, length = "0"] = /^content-length: *(\d+)/im.exec(head) ?? [];
    return end + 4 + Number(length);
  }
}

function requestLineOf(request: Buffer): RequestLine {
  const [method = "", path = ""] = request.subarray(0, request.indexOf("\r\n")).toString("latin1").split(" ");
  return { method, path };
}

/** As a gateway does it: the answer isn't the server's, and isn't JSON. */
function ownAnswer(status: number, retryAfter: number | null): string {
  const body = `<h1>${status}</h1>`;
  const wait = retryAfter === null ? "" : `Retry-After: ${retryAfter}\r\n`;
  return `HTTP/1.1 ${status} Not Now\r\nContent-Type: text/html\r\n${wait}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function cut(socket: Socket, reset: boolean): void {
  // A socket that is about to end can't be reset any more: libuv refuses to, and Node waits for it for ever when it exits.
  if (reset && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
