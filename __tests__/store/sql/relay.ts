import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

/** Stands before a database, and breaks the connections to it when it is told to. */
export async function relayTo(database: string) {
  const url = new URL(database);
  const { port, hostname } = url;
  const sockets = new Set<Socket>();
  const server = net.createServer((client) => {
    const onward = net.connect(Number(port), hostname);
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.pipe(onward).pipe(client);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    reset() {
      for (const socket of sockets) if (!socket.writableEnded) socket.resetAndDestroy();
    },
    close() {
      server.close();
    },
  };
}
