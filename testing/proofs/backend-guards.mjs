import { guardsOf } from "./guard.mjs";

/** @typedef {import("./guard.mjs").Guard} Guard */

const BACKEND = "src/backend/local-backend.ts";
const SERVER_START = "src/backend/remote/server-start.ts";
const SERVER_LOCKS = "src/backend/remote/server-locks.ts";
const SERVER_ANSWERS = "src/backend/remote/server-answers.ts";
const STALE_LOCK = "src/backend/stale-lock.ts";
const CLOCK = "src/backend/decision-clock.ts";
const GIT_STORE = "src/store/git/git-store.ts";

/**
 * The guards of the backends, and of the git store.
 *
 * @type {readonly Guard[]}
 */
export const BACKEND_GUARDS = [
  ...guardsOf(BACKEND, "backend/local-backend", {
    "a start gets its own lock again": [
      "if (active?.id === claim.lockId) {",
      "if (active !== null && active.id === claim.holder) {",
      "gets its own lock again",
    ],
    "an own lock that is found late is renewed": [
      "if (!isStale(prepared, updatedAt, now - updatedAt + age())) return",
      "return",
      "is renewed where the answer to its swap got lost, and the lock is found later",
    ],
    "a used id is refused": ["checkUnused(record.state, claim);", "", "an id is granted once"],
    "a start decides again after a lost swap": [
      "if (version === null) continue;",
      "",
      "decides again when another run took the lock first",
    ],
    "a late grant is renewed": [
      "if (!isStale(prepared, now, age())) return",
      "return",
      "one holder: a grant that is confirmed after the retry interval",
    ],
    "a late renewal is renewed": [
      "if (isStale(prepared, now, age)) continue;",
      "",
      "is renewed again until a renewal is confirmed in time",
    ],
    "the age of a grant goes by the monotonic clock": [
      "Math.max(this.#monotonic() - since, this.#clock.now() - now)",
      "this.#clock.now() - now",
      "where only the monotonic clock shows the pause",
    ],
    "the age of a grant goes by the clock too": [
      "Math.max(this.#monotonic() - since, this.#clock.now() - now)",
      "this.#monotonic() - since",
      "one holder: a grant that is confirmed after the retry interval",
    ],
    "an end whose answer got lost is done": [
      `if (effect === "possible" && ended.refusal.ending === ending) return;`,
      "",
      "is done when its answer got lost",
    ],
    "an end of another caller is not this one's": [
      `effect === "possible" && ended.refusal`,
      "ended.refusal",
      "at once with another one of its kind has one of them end the run",
    ],
    "another end is not this one's": [
      ` && ended.refusal.ending === ending) return;`,
      ") return;",
      "fencing: an end without an answer is not done when another caller",
    ],
    "noLock writes nothing": [
      "if (noLock) return startedWithoutLock(jobName, decision, now);",
      "",
      "without a lock it decides as usual, and writes nothing",
    ],
    "an abandon replaces the document": [
      "const { state, held } = abandon(",
      "if (record?.state.active?.id !== id) return false;\n        const { state, held } = abandon(",
      "fences off a swap still on its way",
    ],
    "a skip is sent again after a lost swap": [
      "if (version !== null) return this.#statusOf(state, deadline);",
      "return this.#statusOf(state, deadline);",
      "tiling: a skip decides again after a lost swap",
    ],
  }),
  ...guardsOf(BACKEND, "proofs/explorer", {
    "the explorer: a start decides again after a lost swap": [
      "if (version === null) continue;",
      "",
      "three starts that finish",
    ],
    "the explorer: a late grant is renewed": [
      "if (!isStale(prepared, now, age())) return",
      "return",
      "a takeover by time, with answers that come late",
    ],
    "the explorer: a late renewal is renewed": [
      "if (isStale(prepared, now, age)) continue;",
      "",
      "a takeover by time, twice",
    ],
    "the explorer: an abandon replaces the document": [
      "const { state, held } = abandon(",
      "if (record?.state.active?.id !== id) return false;\n        const { state, held } = abandon(",
      "a finish beside an abandon",
    ],
    "the explorer: a used id is refused": ["checkUnused(record.state, claim);", "", "a takeover that interrupts"],
    "the explorer: a start gets its own lock again": [
      "if (active?.id === claim.lockId) {",
      "if (active !== null && active.id === claim.holder) {",
      "a start beside an abandon of another start",
    ],
    "the explorer: an end whose answer got lost is done": [
      `if (effect === "possible" && ended.refusal.ending === ending) return;`,
      "",
      "a finish beside an interrupt that resumes",
    ],
  }),
  ...guardsOf(SERVER_START, "backend/remote/lock-calls", {
    "a late grant of a server is renewed": [
      "if (lock === null || !this.#isStale(prepared, createdAt, sentAt)) return started;",
      "if (lock === null || prepared) return started;",
      "is renewed before the run starts",
    ],
    "a late renewal of a server is renewed": [
      "if (!this.#isStale(prepared, updatedAt, sentAt)) return",
      "return",
      "is renewed again until a renewal is confirmed in time",
    ],
    "a renewal that fails leaves the lock open": [
      `throw error.withEffect("possible");
    }
    // An original server`,
      `throw error;
    }
    // An original server`,
      "that cannot be renewed may hold its lock",
    ],
    "a late grant that cannot be renewed is given back": [
      "await this.#locks.giveBack(lock, deadline).catch(",
      "await Promise.resolve().catch(",
      "is given up, since it cannot be renewed",
    ],
    "startsAt is confirmed": [
      "startsAt === undefined || confirmed.startsAt === startsAt",
      "true",
      "a start that needs startsAt fails, and leaves no lock",
    ],
    "catchUp is confirmed": [
      `(catchUp === "each" || confirmed.catchUp === catchUp)`,
      "true",
      "a start that needs catchUp fails, and leaves no lock",
    ],
    "an interval that was not asked for is given back": [
      "      await this.#locks.giveBack(lock, deadline);\n",
      "",
      "fails, and leaves no lock",
    ],
  }),
  ...guardsOf(STALE_LOCK, "backend/stale-lock", {
    "a retry interval of 0 needs no renewal": [
      "return retryAt > updatedAt && retryAt <=",
      "return retryAt <=",
      "with a retry interval of 0 is never stale",
    ],
  }),
  ...guardsOf(SERVER_ANSWERS, "backend/remote/lock-calls", {
    "an answer about another lock is none": [
      "if (canonicalId(lock.id) === canonicalId(id)) return;",
      "return;",
      "is no start: two callers could hold the lock of a repeated answer",
      "remote/server-mark",
    ],
  }),
  ...guardsOf(SERVER_LOCKS, "backend/remote/lock-calls", {
    "a 404 in other words is no lost lock": [
      'return messageIn(json)?.startsWith("Cannot find job lock") ?? false;',
      "return messageIn(json) !== null;",
      "is no success, after an answer that was lost",
      "remote/server-mark",
    ],
    "a refusal of an original server is no lost lock": [
      "if (answer.status === 404 && messageIn(answer.json) === null)",
      "if (false)",
      "is an error that names its cause, and no lost lock",
    ],
  }),
  ...guardsOf(CLOCK, "backend/decision-clock", {
    "a small difference counts for nothing": [
      "Math.abs(difference) > TOLERANCE",
      "difference !== 0",
      "decisions go by the local clock",
    ],
    "decisions go by the store's clock": [
      "return local + this.#offset;",
      "return local;",
      "decisions go by the store's clock",
    ],
    "later decisions go by the store's clock": [
      "return this.#local() + this.#offset;",
      "return this.#local();",
      "decisions go by the store's clock",
    ],
  }),
  ...guardsOf(GIT_STORE, "git/git-store", {
    "a push that moved the ref is made": ["if (id === update.to) return { version: id };", "", "one holder"],
    "a push beside another one is lost": [
      "if (id !== update.from) return { version: null, effect };",
      "",
      "one holder",
    ],
    "a push without an answer may have been made": [
      "effect = strongerEffect(effect, failure.effect);",
      "",
      "one holder",
    ],
    "a rejected push is sent again": ["failure.retryAfter === null ||", "true ||", "one holder"],
  }),
  ...guardsOf("src/store/git/document-commit.ts", "git/git-store", {
    "a revision makes each document unique": ["{ ...state, revision: randomUUID() }", "state", "one holder"],
  }),
  ...guardsOf("src/backend/handed-lock-end.ts", "backend/handed-lock", {
    "another run ends no lock": ["holder.runId === run.runId", "true", "a lock of another run is refused"],
    "another repository ends no lock": [
      "holder.repository === run.repository",
      "true",
      "a lock of another repository is refused",
    ],
    "another server ends no lock": [
      "holder?.serverUrl === run.serverUrl",
      "holder !== null",
      "a lock of another server is refused",
    ],
    "a text ends only its own interval": [
      "if (!isForInterval(lock, recorded)) {",
      "if (false) {",
      "another interval than the state's is refused",
    ],
    "a finish is not taken back": [
      'if ((loss.ending === "finished") === isDone)',
      "if (true)",
      "a finish is repeated in vain, and not taken back",
    ],
  }),
  ...guardsOf("src/backend/waiting-start.ts", "backend/waiting-start", {
    "a wait ends where the interval is not due": [
      'answer.started || answer.reason === "not-due"',
      "answer.started",
      "an interval that is not due any more ends the wait",
    ],
    "an unsettled start ends the wait with an error": [
      ' || error.effect === "possible"',
      "",
      "a start that fails ends the wait",
    ],
  }),
];
