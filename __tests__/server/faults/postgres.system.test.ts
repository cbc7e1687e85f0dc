import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, test } from "@jest/globals";
import pg from "pg";
import { relayTo } from "../../../testing/databases/database-relay.ts";
import { startPostgres } from "../../../testing/databases/postgres-server.ts";
import { playAll } from "./suite.ts";

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let admin: pg.Client;
beforeAll(async () => {
  postgres = await startPostgres();
  admin = new pg.Client({ connectionString: postgres.url("postgres") });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
});

test("on PostgreSQL, with connections that break during a statement, or before its answer", async () => {
  const relay = await relayTo(postgres.url("postgres"));
  try {
    await playAll({
      // Half of the seeds are enough: SQLite has all the faults of callers, and these add those of database connections.
      firstSeed: 126,
      lastSeed: 250,
      url: relay.url,
      processes: 2,
      async disturb(draw) {
        await pause(draw() / 10);
        relay.loseAnswers(() => draw() < 300);
        await pause(draw() / 10);
        await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cronyx' AND pid % 10 < $1",
          [Math.floor(draw() / 200)],
        );
      },
    });
  } finally {
    relay.close();
  }
});
