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

test("on PostgreSQL, with connections that are ended in the midst of what they do, or before they are told", async () => {
  const relay = await relayTo(postgres.url("postgres"));
  try {
    await playAll({
      // The callers meet the same faults as on SQLite, and here those of the connections to the database too.
      firstSeed: 251,
      lastSeed: 500,
      url: relay.url,
      processes: 2,
      async disturb(drawn) {
        await pause(drawn() / 10);
        relay.loseAnswers(() => drawn() < 300);
        await pause(drawn() / 10);
        await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cronyx' AND pid % 10 < $1",
          [Math.floor(drawn() / 200)],
        );
      },
    });
  } finally {
    relay.close();
  }
});
