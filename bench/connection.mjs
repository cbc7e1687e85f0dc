import { once } from "node:events";
import { connect } from "node:net";

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/**
 * One kept-alive connection, with one request on it at a time. It reads only the answers that this server gives: a full
 * HTTP client would take processor time from the server on the same machine.
 */
export class Connection {
  #socket;
  /** @type {Buffer} */
  #received = Buffer.alloc(0);
  /** @type {{ resolve: (answer: { status: number, body: string }) => void, reject: (error: Error) => void } | null} */
  #waiting = null;

  /** @param {number} port */
  static async to(port) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (/** @type {Buffer} */ chunk) => this.#receive(chunk));
    socket.on("close", () => this.#waiting?.reject(new Error("The server closed the connection")));
    socket.on("error", (error) => this.#waiting?.reject(error));
  }

  /**
   * @param {string} method @param {string} path @param {string} [body] JSON
   * @returns {Promise<{ status: number, body: string }>}
   */
  ask(method, path, body) {
    const content =
      body === undefined ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${content}\r\n${body ?? ""}`);
    });
  }

  close() {
    this.#waiting = null;
    this.#socket.destroy();
  }

  /** @param {Buffer} chunk */
  #receive(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = this.#received.toString("latin1", 0, end);
    const from = end + END_OF_HEAD.length;
    const to = from + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#received.length < to) return;
    const answer = { status: Number(head.slice(9, 12)), body: this.#received.toString("utf8", from, to) };
    this.#received = this.#received.subarray(to);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }
}
