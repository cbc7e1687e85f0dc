import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** The end of `ReadyForQuery`. @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
const READY = Buffer.from("Z\0\0\0\x05I", "latin1");
/** The message that a connection gets from `pg_terminate_backend`. */
const TERMINATED = errorResponse("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");

/** Relays connections to a database. A test can break them. */
export async function relayTo(database: string) {
  const url = new URL(database);
  const { port, hostname } = url;
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  const sockets = new Set<Socket>();
  const losesAnswer = new WeakSet<Socket>();
  let terminatesNext = false;
  let isSilent = false;
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    client.on("end", () => isSilent || client.end());
    const upstream = net.connect(Number(port), hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          pairs.delete(pair);
          sockets.delete(socket);
        });
    }
    client.pipe(upstream, { end: false });
    client.on("end", () => isSilent || upstream.end());
    upstream.on("data", (bytes: Buffer) => {
      if (losesAnswer.has(client)) return reset(pair);
      if (!terminatesNext || !bytes.subarray(-READY.length).equals(READY)) return client.write(bytes);
      terminatesNext = false;
      client.end(Buffer.concat([bytes, TERMINATED]));
      upstream.destroy();
    });
    upstream.on("end", () => client.end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    /** Breaks all connections. */
    reset() {
      for (const pair of pairs) reset(pair);
    },
    /** Breaks the selected connections at the next answer: the statement was run, and its answer is lost. */
    loseAnswers(which: (nth: number) => boolean) {
      for (const [nth, [client]] of [...pairs].entries()) if (which(nth)) losesAnswer.add(client);
    },
    /** Terminates the next connection that becomes ready, in the packet that says so. */
    terminateNext() {
      terminatesNext = true;
    },
    /** Lets all connections be as if the network were gone: none of them answers, or ends. */
    silence() {
      isSilent = true;
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream).pause();
        upstream.pause();
      }
    },
    close() {
      server.close();
      // A connection of which only one side has ended would keep the process from exiting.
      for (const socket of sockets) socket.destroy();
    },
  };
}

function errorResponse(fields: string): Buffer {
  const message = Buffer.from(`E\0\0\0\0${fields}`, "latin1");
  message.writeInt32BE(message.length - 1, 1);
  return message;
}

function reset(sockets: Iterable<Socket>): void {
  // A socket that is ending cannot be reset, and would keep the process from exiting.
  for (const socket of sockets) if (!socket.writableEnded) socket.resetAndDestroy();
}
