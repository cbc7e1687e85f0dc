import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** The fault that one request meets. `pass` is no fault. */
export type ProxyFault =
  | { readonly kind: "pass" }
  /** The request and the answer arrive, each this many milliseconds later. */
  | { readonly kind: "delay"; readonly request: number; readonly answer: number }
  /** The connection is cut, and the server never gets the request. */
  | { readonly kind: "cut before"; readonly reset: boolean }
  /** The server gets the request. The connection is cut at once or when the answer has come, before its first byte. */
  | { readonly kind: "cut after"; readonly reset: boolean; readonly atOnce: boolean }
  /** The connection is cut after this share of the answer, from 0 to 1. At least one byte is sent and one is missing. */
  | { readonly kind: "cut within"; readonly reset: boolean; readonly share: number }
  /** The proxy sends its own answer. `forwarded`: the server gets the request first. */
  | {
      readonly kind: "answer";
      readonly status: 429 | 502 | 503;
      /** Seconds. */
      readonly retryAfter: number | null;
      readonly forwarded: boolean;
    }
  /**
   * The client gets no answer: the connection is cut, or stays open until the client closes it. The server gets the
   * request `after` milliseconds later.
   */
  | { readonly kind: "late"; readonly cut: boolean; readonly after: number };

/** The first line of a request. */
interface RequestLine {
  readonly method: string;
  readonly path: string;
}

/**
 * A proxy between HTTP/1.1 clients and a server that applies a fault to each request. Clients' connections are kept
 * alive. The proxy opens a new connection to the server for each request, so a client that goes away stops no request.
 */
export class FaultyProxy {
  /** @returns the fault for a request. It is called once for each request, in order of arrival. */
  fault: (request: RequestLine) => ProxyFault = () => ({ kind: "pass" });
  readonly #portOf: () => number | null;
  readonly #server = net.createServer((caller) => this.#serve(caller));
  readonly #callers = new Set<Socket>();
  readonly #exchanges = new Set<Promise<void>>();

  /** @param portOf Returns the server's port on loopback; null while no server runs, and then the connection is cut. */
  constructor(portOf: () => number | null) {
    this.#portOf = portOf;
  }

  /** @returns the proxy's URL, which clients use instead of the server's. */
  async listen(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until no request is in progress, including the requests of clients that went away. */
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
    const fault = this.fault(requestLineOf(request));
    switch (fault.kind) {
      case "pass":
        return this.#passed(caller, request, 0);
      case "delay":
        await pause(fault.request);
        return this.#passed(caller, request, fault.answer);
      case "cut before":
        return cut(caller, fault);
      case "cut after": {
        const answered = this.#forwarded(request);
        if (!fault.atOnce) await answered;
        cut(caller, fault);
        await answered;
        return;
      }
      case "cut within": {
        const answer = await this.#forwarded(request);
        if (answer === null) return cut(caller, fault);
        const length = 1 + Math.floor(fault.share * (answer.length - 2));
        caller.write(answer.subarray(0, length), () => cut(caller, fault));
        return;
      }
      case "answer":
        if (fault.forwarded) await this.#forwarded(request);
        caller.write(ownAnswer(fault.status, fault.retryAfter));
        return;
      case "late":
        if (fault.cut) cut(caller, { reset: false });
        else if (!caller.destroyed) await once(caller, "close");
        await pause(fault.after);
        await this.#forwarded(request);
    }
  }

  async #passed(caller: Socket, request: Buffer, wait: number): Promise<void> {
    const answer = await this.#forwarded(request);
    if (answer === null) return cut(caller, { reset: false });
    await pause(wait);
    caller.write(answer);
  }

  /** @returns the whole answer; null if no whole answer came. */
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

/** Splits a stream of bytes into messages by their `Content-Length`: RFC 9112 §6. */
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

  /** @returns the length of the first message; infinite until its whole head has come. */
  #length(): number {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end === -1) return Number.POSITIVE_INFINITY;
    const head = this.#bytes.subarray(0, end).toString("latin1");
    if (/^transfer-encoding:/im.test(head)) throw new Error(`The proxy does not support Transfer-Encoding:\n${head}`);
    const [, length = "0"] = /^content-length: *(\d+)/im.exec(head) ?? [];
    return end + 4 + Number(length);
  }
}

function requestLineOf(request: Buffer): RequestLine {
  const [method = "", path = ""] = request.subarray(0, request.indexOf("\r\n")).toString("latin1").split(" ");
  return { method, path };
}

/** An answer like a gateway's: HTML, not the server's JSON. */
function ownAnswer(status: number, retryAfter: number | null): string {
  const body = `<h1>${status}</h1>`;
  const wait = retryAfter === null ? "" : `Retry-After: ${retryAfter}\r\n`;
  return `HTTP/1.1 ${status} Not Now\r\nContent-Type: text/html\r\n${wait}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function cut(socket: Socket, { reset }: { readonly reset: boolean }): void {
  // libuv cannot reset a socket that is ending. Node would then wait for that socket for ever when the process exits.
  if (reset && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
