import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Started } from "../../src/backend/job-backend.ts";
import { LocalBackend } from "../../src/backend/local-backend.ts";
import { parseDatabaseLocation } from "../../src/location/database-location.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR, MINUTE } from "../../src/scheduler/instant.ts";
import type { JobStore } from "../../src/store/job-store.ts";
import { openDatabase } from "../../src/store/open-database.ts";
import { startPostgres } from "../../testing/databases/postgres-server.ts";
import { type ServedRepository, serveRepository } from "../../testing/git/served-repository.ts";

const inTime = () => deadlineIn(30_000);
const claim = () => ({ lockId: randomUUID(), holder: null, idempotencyKey: "key" });
/**
 * The largest difference of a store's time: it is some requests old, and git's has whole seconds. This is far less than the
 * clocks are apart.
 */
const TOLERANCE = HOUR;

let repository: ServedRepository;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  [repository, postgres] = await Promise.all([serveRepository(), startPostgres()]);
});
afterAll(() => Promise.all([repository.close(), postgres.stop()]));

function gitStore(ahead: number): Promise<JobStore> {
  repository.now = () => Date.now() + ahead;
  return repository.open();
}
const postgresStore = () =>
  openDatabase(parseDatabaseLocation(postgres.url("postgres"), "JOB_STORE_URL"), { log: () => {}, deadline: inTime() });

// PostgreSQL has the clock of this machine, so its test sets the local clock wrong.
describe.each<[kind: string, open: (ahead: number) => Promise<JobStore>, isStoreShifted: boolean]>([
  ["a git server", gitStore, true],
  ["PostgreSQL", postgresStore, false],
])("by the clock of %s", (kind, open, isStoreShifted) => {
  test.each([3 * HOUR, -3 * HOUR])("a start is decided that is %d ms off the local clock", async (ahead) => {
    const log: string[] = [];
    const store = await open(ahead);
    const localNow = () => Date.now() - (isStoreShifted ? 0 : ahead);
    const storeNow = () => Date.now() + (isStoreShifted ? ahead : 0);
    const backend = new LocalBackend({ store, now: localNow, log: (line) => log.push(line) });
    const request = { jobName: `${kind} ${ahead}`, jobInterval: 1_000, retryInterval: MINUTE };

    const answer = (await backend.start(request, claim(), inTime())) as Started;
    expect(answer.started).toBe(true);
    for (const instant of [answer.createdAt, answer.intervalEndedAt]) {
      expect(Math.abs(instant - storeNow())).toBeLessThan(TOLERANCE);
    }
    expect(await backend.start(request, claim(), inTime())).toMatchObject({ started: false, reason: "active" });
    if (answer.lock === null) throw new Error("the start has no lock");
    expect(Math.abs((await backend.renew(answer.lock, inTime())).updatedAt - storeNow())).toBeLessThan(TOLERANCE);
    expect(log).toEqual([
      expect.stringMatching(/^The clock of this machine says 2\S+Z, and the clock of the store 2\S+Z: decisions go by/),
    ]);
    await store.close();
  });
});
