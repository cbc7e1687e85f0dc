import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { JobStore, Swap } from "../../src/store/job-store.ts";

export const inTime = () => deadlineIn(30_000);

const RACERS = 8;
const ROUNDS = 3;

/** Names that a file system, a URL, a ref or a shell could misread or confuse with each other. */
export const ODD_NAMES = [
  ...["a", "a/b", "a/b/c", "A", "a.lock", "a/", "/a", " a", "a ", "a\n"],
  ...[
    "..",
    ".",
    "../../heads/main",
    "@",
    "@{",
    "a@{1}",
    "-",
    "--force",
    "HEAD",
    "refs/cronyx/a",
    "*",
    "a*",
    "a b?[c]^~:\\",
  ],
  ...["{", "{}", 'a"{', "{a}\n\n{b}", "null", "CON", "%2e%2e", "$(id)", "`id`", "::set-output name=a::b"],
  ...["'; DROP TABLE cronyx_job; --", "\\'; --", "$1", "?", "%", "_", "NULL"],
  // Names that look alike: composed and decomposed characters, and letters outside ASCII that differ only in case.
  ...[
    "caf\u00e9",
    "cafe\u0301",
    "CAF\u00c9",
    "stra\u00dfe",
    "STRASSE",
    "\u0130",
    "i\u0307",
    "\u212a",
    "k",
    "\ufb01",
    "fi",
  ],
  ...["日報", "☂", "🧾".repeat(255), "x".repeat(255), `${"x".repeat(254)}y`, "\u0000", "\u202e", "\ufeff"],
];

/** A state document with a value in every field, and with a field of a future version. */
export function documentOf(name: string, lockId: string = randomUUID()): JobState {
  const interval = { intervalStartedAt: "2026-11-24T00:00:00.000Z", intervalEndedAt: "2026-11-24T01:00:00.000Z" };
  const earlier = { intervalStartedAt: "2026-11-23T23:00:00.000Z", intervalEndedAt: "2026-11-24T00:00:00.000Z" };
  const later = { later: { nested: ["é", "☂", "\u0000", "\\", 1.5, null] } };
  return {
    v: 1,
    name,
    finishedUntil: interval.intervalStartedAt,
    active: {
      ...{ id: lockId, ...interval, createdAt: "2026-11-24T01:00:07.123Z", updatedAt: "2026-11-24T01:00:07.123Z" },
      ...{ holder: { repository: "octo-org/reports", job: "réport ☂" }, idempotencyKey: "run-7", ...later },
    },
    history: [
      { id: "earlier", ...earlier, outcome: "finished", endedAt: "2026-11-24T00:20:00.000Z", runUrl: null, ...later },
    ],
    ...later,
  };
}

/**
 * The tests that every store must pass.
 *
 * @param openStore Opens a store. All stores share one place, and each has its own connections and folders.
 */
export function jobStoreSuite(openStore: () => Promise<JobStore>): void {
  const opened: JobStore[] = [];
  const open = async () => {
    const store = await openStore();
    opened.push(store);
    return store;
  };
  const fresh = (what: string) => `${what} ${randomUUID()}`;

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  describe("a register of documents", () => {
    test("has no document of a job that was never written", async () => {
      const store = await open();
      expect((await store.read([fresh("never"), fresh("never")], inTime())).records).toEqual(new Map());
      expect((await store.read([], inTime())).records).toEqual(new Map());
    });

    test("gives every store the written document, with its unknown fields", async () => {
      const [one, two] = [await open(), await open()];
      const document = documentOf(fresh("job"));
      const { version } = await one.swap(null, document, inTime());
      expect(version).not.toBeNull();
      for (const store of [one, two]) {
        const record = (await store.read([document.name], inTime())).records.get(document.name);
        expect(record?.version).toBe(version);
        expect(record?.state).toMatchObject(document);
      }
    });

    test("is swapped again and again, by any store that has read its version", async () => {
      const [one, two] = [await open(), await open()];
      const name = fresh("job");
      let version = (await one.swap(null, documentOf(name), inTime())).version;
      for (const store of [two, one, one]) {
        const document = documentOf(name);
        const record = (await store.read([name], inTime())).records.get(name);
        expect(record?.version).toBe(version);
        version = (await store.swap(version, document, inTime())).version;
        expect(version).not.toBeNull();
        expect((await one.read([name], inTime())).records.get(name)).toMatchObject({ version, state: document });
      }
    });

    test("rejects a swap from another version, and overwrites nothing", async () => {
      const store = await open();
      const name = fresh("job");
      const { version: first } = await store.swap(null, documentOf(name), inTime());
      const document = documentOf(name);
      const { version: second } = await store.swap(first, document, inTime());
      for (const expected of [first, null]) {
        expect(await store.swap(expected, documentOf(name), inTime())).toEqual({ version: null, effect: "none" });
      }
      expect((await store.read([name], inTime())).records.get(name)).toMatchObject({
        version: second,
        state: document,
      });
    });

    test("rejects a swap from a version of a job that does not exist", async () => {
      const store = await open();
      const { version } = await store.swap(null, documentOf(fresh("job")), inTime());
      const name = fresh("other job");
      expect((await store.swap(version, documentOf(name), inTime())).version).toBeNull();
      expect((await store.read([name], inTime())).records.has(name)).toBe(false);
    });

    test("never gives two documents one version, not even equal ones", async () => {
      const store = await open();
      const document = documentOf(fresh("job"));
      const { version: first } = await store.swap(null, document, inTime());
      const { version: second } = await store.swap(first, document, inTime());
      expect(second).not.toBe(first);
      expect((await store.swap(first, document, inTime())).version).toBeNull();
    });

    test("reads several jobs at once, without those that do not exist", async () => {
      const store = await open();
      const [one, two] = [documentOf(fresh("one")), documentOf(fresh("two"))];
      for (const document of [one, two]) await store.swap(null, document, inTime());
      const { records } = await store.read([two.name, fresh("never"), one.name, one.name], inTime());
      expect([...records.keys()].sort()).toEqual([one.name, two.name]);
      expect(records.get(one.name)?.state).toMatchObject(one);
      expect(records.get(two.name)?.state).toMatchObject(two);
    });
  });

  test("jobs with odd names coexist, and all are listed", async () => {
    const store = await open();
    for (const name of ODD_NAMES)
      expect((await store.swap(null, documentOf(name, name), inTime())).version).not.toBeNull();
    const { records } = await store.read(ODD_NAMES, inTime());
    const lockIds = ODD_NAMES.map((name) => records.get(name)?.state.active?.id);
    expect(lockIds).toEqual(ODD_NAMES);
    expect(await store.list(inTime())).toEqual(expect.arrayContaining(ODD_NAMES));
  });

  test.each(["create a document", "swap from one version"])(`one of ${RACERS} stores wins: %s`, async (what) => {
    const stores = await Promise.all(Array.from({ length: RACERS }, open));
    let name = fresh("contested");
    let version: string | null = null;
    for (let round = 0; round < ROUNDS; round++) {
      if (what === "create a document") [name, version] = [fresh("contested"), null];
      else version ??= (await (stores[0] as JobStore).swap(null, documentOf(name), inTime())).version;
      const from: string | null = version;
      // The racers write equal documents, so only the store can tell them apart.
      const document = documentOf(name);
      const swaps: Swap[] = await Promise.all(stores.map((store) => store.swap(from, document, inTime())));
      const winners = swaps.filter((swap) => swap.version !== null);
      expect(winners).toHaveLength(1);
      version = winners[0]?.version ?? null;
      expect((await (stores[round] as JobStore).read([name], inTime())).records.get(name)?.version).toBe(version);
    }
  });
}
