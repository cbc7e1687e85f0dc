import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** Relays connections to a database. A test can break them. */
export async function relayTo(database: string) {
  const url = new URL(database);
  const { port, hostname } = url;
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  const losesAnswer = new WeakSet<Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) socket.on("error", () => {}).on("close", () => pairs.delete(pair));
    client.pipe(upstream);
    upstream.on("data", (bytes) => (losesAnswer.has(client) ? reset(pair) : client.write(bytes)));
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
    close() {
      server.close();
    },
  };
}

function reset(sockets: Iterable<Socket>): void {
  // A socket that is ending cannot be reset, and would keep the process from exiting.
  for (const socket of sockets) if (!socket.writableEnded) socket.resetAndDestroy();
}
