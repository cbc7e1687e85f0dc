import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** Stands before a database, and breaks the connections to it when it is told to. */
export async function relayTo(database: string) {
  const url = new URL(database);
  const { port, hostname } = url;
  const pairs = new Set<readonly [client: Socket, onward: Socket]>();
  const doomed = new WeakSet<Socket>();
  const server = net.createServer((client) => {
    const onward = net.connect(Number(port), hostname);
    const pair = [client, onward] as const;
    pairs.add(pair);
    for (const socket of pair) socket.on("error", () => {}).on("close", () => pairs.delete(pair));
    client.pipe(onward);
    onward.on("data", (bytes) => (doomed.has(client) ? reset(pair) : client.write(bytes)));
    onward.on("end", () => client.end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    /** Breaks all connections. */
    reset() {
      for (const pair of pairs) reset(pair);
    },
    /** Breaks each of these connections when the database answers next: what it was asked for is done then. */
    loseAnswers(which: (nth: number) => boolean) {
      for (const [nth, [client]] of [...pairs].entries()) if (which(nth)) doomed.add(client);
    },
    close() {
      server.close();
    },
  };
}

function reset(sockets: Iterable<Socket>): void {
  // One that is about to end can't be reset any more, and would keep the process.
  for (const socket of sockets) if (!socket.writableEnded) socket.resetAndDestroy();
}
