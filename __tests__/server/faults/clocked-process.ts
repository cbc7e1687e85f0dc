import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { LocalBackend } from "../../../src/backend/local-backend.ts";
import { parseDatabaseLocation } from "../../../src/location/database-location.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { createServer } from "../../../src/server/create-server.ts";
import { openDatabase } from "../../../src/store/open-database.ts";
import { withoutClock } from "../../../testing/stores/clockless-store.ts";
import type { ClockMessage } from "./servers.ts";

// A server with many clocks, which the parent process sets. The host in a request names the clock of the request.

const [url = ""] = process.argv.slice(2);
const store = await openDatabase(parseDatabaseLocation(url, "url"), { log: () => {}, deadline: deadlineIn(20_000) });
const clocks = new Map<string, number>();
const requestedHost = new AsyncLocalStorage<string>();
const now = () => clocks.get(requestedHost.getStore() ?? "") ?? Number.NaN;
const server = await createServer({
  backend: new LocalBackend({ store: withoutClock(store), now, log: () => {} }),
  store,
  schemes: [],
  timezone: "UTC",
  now,
  newId: randomUUID,
  newDeadline: () => deadlineIn(5_000),
  log: pino({ level: "silent" }),
  version: "0.0.0",
});
server.server.prependListener("request", ({ headers }) => requestedHost.enterWith(headers.host ?? ""));
await server.listen({ host: "127.0.0.1", port: 0 });
process.on("message", ({ id, times }: ClockMessage) => {
  for (const [clock, time] of times) clocks.set(clock, time);
  process.send?.({ id });
});
process.on("disconnect", () => process.exit());
process.send?.({ port: (server.server.address() as AddressInfo).port });
