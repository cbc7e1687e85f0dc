/**
 * @typedef {object} Guard
 * @property {string} name
 * @property {string} file
 * @property {string} find The guard's text, which occurs once in the file.
 * @property {string} replace What takes its place.
 * @property {string} test Matches the path of the test file that notices.
 * @property {string} property Words in the name of a test that fails then.
 */

const DECIDE = "src/scheduler/decide.ts";
const TRANSITIONS = "src/scheduler/job-transitions.ts";
const DOCUMENT = "src/scheduler/state-document.ts";
const BACKEND = "src/backend/local-backend.ts";
const SERVER_START = "src/backend/remote/server-start.ts";
const SERVER_LOCKS = "src/backend/remote/server-locks.ts";
const SERVER_ANSWERS = "src/backend/remote/server-answers.ts";
const STALE_LOCK = "src/backend/stale-lock.ts";
const CLOCK = "src/backend/decision-clock.ts";
const GIT_STORE = "src/store/git/git-store.ts";

const NOT_OWN = "if (active?.id !== id) return refused(lossOf(id, state));";

/** @param {string} file @param {string} test @param {Record<string, [find: string, replace: string, property: string, test?: string]>} rows @returns {Guard[]} */
function guardsOf(file, test, rows) {
  return Object.entries(rows).map(([name, [find, replace, property, other = test]]) => ({
    name,
    file,
    find,
    replace,
    test: other,
    property,
  }));
}

/** @type {readonly Guard[]} */
export const GUARDS = [
  ...guardsOf(DECIDE, "scheduler/decide", {
    "an interval's end is due": [
      "if (!due.has(end)) return notDue(startBuffer.after(end));",
      "",
      "isn't due a millisecond before its end",
    ],
    "a required job has finished something": [
      "if (unfinished) return requiredJob(unfinished);",
      "",
      "are not the reason of the refusal while the interval isn't due, unless they have finished nothing",
    ],
    "a required job has got to the end": [
      "if (behindIt) return requiredJob(behindIt);",
      "",
      "that have not finished that far refuse it",
    ],
    "a first interval ends where the required jobs have got to": [
      "const limit = Math.min(due.horizon, ...progress);",
      "const limit = due.horizon;",
      "a first interval ends where they have got to",
    ],
    "a first interval lies before the start buffer": [
      "const limit = Math.min(due.horizon, ...progress);",
      "const limit = Math.min(now, ...progress);",
      "lies before a start buffer",
    ],
    "a first interval that failed starts where it did": [
      "startsAt ?? begun?.intervalStartedAt ?? null",
      "startsAt",
      "comes again as it was after an interrupt",
    ],
    "a first interval that failed ends where it did": [
      "else if (begun?.intervalStartedAt === start) end = Math.min(end, begun.intervalEndedAt);",
      "",
      "comes again as it was after an interrupt",
    ],
    "startsAt counts before any progress only": [
      "finishedUntil ?? firstStart ??",
      "startsAt ?? finishedUntil ?? firstStart ??",
      "ignores startsAt",
    ],
    "an active lock refuses": [
      "if (state?.active && !isTakenOver(state.active, request, now)) return active(state.active, request);",
      "",
      "is active forever without a retry interval",
    ],
    "a takeover names the lock's id": [
      "takeOver?.id === lock.id && takeOver.updatedAt === updatedAt",
      "takeOver?.updatedAt === updatedAt",
      "isn't taken over by a start that names another lock",
    ],
    "a takeover names the lock's last update": [
      " && takeOver.updatedAt === updatedAt",
      "",
      "isn't taken over by a start that names it as it was",
    ],
    "a takeover by time waits for the retry interval": [
      "return retryInterval !== null && retryInterval.after(updatedAt) <= now;",
      "return retryInterval !== null;",
      "is active until the retry interval has passed",
    ],
    "no takeover without a retry interval": [
      "return retryInterval !== null && retryInterval.after(updatedAt) <= now;",
      "return retryInterval === null || retryInterval.after(updatedAt) <= now;",
      "is active forever without a retry interval",
    ],
    "a chosen interval ends before now": [
      "Math.min(schedule.next(start), due.horizon)",
      "schedule.next(start)",
      "a chosen interval ends now at the latest",
    ],
    "catching up ends where intervals are due": [
      "!due.has(next.end) || next.end > progress",
      "next.end > progress",
      "gets one long interval under merge",
    ],
    "catching up ends where the required jobs have got to": [
      "!due.has(next.end) || next.end > progress",
      "!due.has(next.end)",
      "stops where a required job has got to",
    ],
    "latest tells the span that it skips": [
      ", ...skipped(start, caughtUp.start)",
      "",
      "hears under latest which span it skips",
    ],
  }),
  ...guardsOf(TRANSITIONS, "scheduler/job-transitions", {
    "an own id finishes": [
      `export function finish(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  ${NOT_OWN}`,
      `export function finish(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active === null) return refused(lossOf(id, state));`,
      "finish of an id that is not the active lock",
    ],
    "an own id interrupts": [
      `export function interrupt(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  ${NOT_OWN}`,
      `export function interrupt(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active === null) return refused(lossOf(id, state));`,
      "interrupt of an id that is not the active lock",
    ],
    "an own id renews": [
      `export function renew(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  ${NOT_OWN}`,
      `export function renew(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active === null) return refused(lossOf(id, state));`,
      "renew of an id that is not the active lock",
    ],
    "an own id abandons": [
      "const held = active?.id === id;",
      "const held = active !== null;",
      "abandon of a start that was not granted",
    ],
    "a finish records what it skipped": [
      "const passed = withSkipped(ended, { until: Date.parse(active.intervalStartedAt), now });",
      "const passed = ended;",
      "finish records the span before the interval",
    ],
    "only the newest run resumes": [
      "if (newest.id !== id) {",
      "if (active !== null) {",
      "resume is refused by a run that was granted since",
    ],
    "a resume takes no active lock": [
      "const newest = active ?? run;",
      "const newest = run;",
      "resume is refused by an active lock",
    ],
    "only an interrupted run resumes": [` || run.outcome !== "interrupted"`, "", "resume is refused by its own finish"],
    "no resume of an interval that has passed": [
      `if (finishedUntil !== null && run.intervalStartedAt < finishedUntil) return refusedAs("passed");`,
      "",
      "resume is refused by a skip over its start",
    ],
    "no resume of an abandoned start": [
      `if (isAbandoned(state, id)) return refusedAs("abandoned");`,
      "",
      "resume is refused by an abandoned start",
    ],
    "no skip while a lock is active": [
      `if (state.active !== null) return refused({ reason: "active", lock: state.active });`,
      "",
      "skip is refused while a lock is active",
    ],
    "no skip into the future": [
      `if (until > now) return refused({ reason: "in-future" });`,
      "",
      "skip is refused to the future",
    ],
    "no skip back": [
      `if (after !== null && until <= after) return refused({ reason: "passed", after });`,
      "",
      "skip is refused to before the progress",
    ],
    "a skip records its span": [
      "return changed({ ...withSkipped(state, { until, now }), finishedUntil: toIso(until) });",
      "return changed({ ...state, finishedUntil: toIso(until) });",
      "skip moves the progress, and records the span",
    ],
    "the id of an abandoned start is remembered": [
      "state: { ...freed, abandoned: recent }",
      "state: freed",
      "abandon of a start that was not granted remembers its id",
    ],
    "the ids of ended runs are remembered beyond the history": [
      "...(ended.length > 0 && { ended })",
      "",
      "ids are remembered for an hour",
    ],
    "ids are remembered for an hour": [
      "const REMEMBERED = HOUR;",
      "const REMEMBERED = HOUR / 2;",
      "ids are remembered no longer than an hour",
    ],
    "a takeover is recorded": [
      `{ ending: "taken-over", now }`,
      `{ ending: "interrupted", now }`,
      "takes over an active lock",
    ],
    "a run ends no earlier than it was updated": [
      "toIso(Math.max(now, Date.parse(lock.updatedAt)))",
      "toIso(now)",
      "ids are remembered as ended no earlier than the lock's last update",
    ],
    "a renewal changes the last update": [
      "Math.max(now, Date.parse(before) + 1)",
      "now",
      "sets a later instant even in the same millisecond",
    ],
    "begun stays once the job has finished something": [
      "if (state.finishedUntil !== null) return granted;",
      "",
      "records the begun interval, before catching up",
    ],
    "begun is the interval before catching up": [
      "return { ...granted, begun: { intervalStartedAt, intervalEndedAt: toIso(begun.intervalEndedAt) } };",
      "return granted;",
      "records the begun interval, before catching up",
    ],
  }),
  ...guardsOf(DOCUMENT, "backend/local-backend", {
    "an abandoned id is used": [
      ".some((run) => run.id === id) || isAbandoned(state, id)",
      ".some((run) => run.id === id)",
      "an id is granted once",
    ],
    "an id of a run that left the history is used": [
      "[...history, ...ended].some(",
      "[...history].some(",
      "ids are remembered for an hour",
      "scheduler/",
    ],
  }),
  ...guardsOf(BACKEND, "backend/local-backend", {
    "a start knows its own lock again": [
      "if (active?.id === claim.lockId) {",
      "if (active !== null && active.id === claim.holder) {",
      "knows its own lock again",
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
    "the explorer: a start knows its own lock again": [
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
  ...guardsOf(DECIDE, "proofs/explorer", {
    "the explorer: an active lock refuses": [
      "if (state?.active && !isTakenOver(state.active, request, now)) return active(state.active, request);",
      "",
      "three starts that finish",
    ],
    "the explorer: a takeover names the lock's last update": [
      " && takeOver.updatedAt === updatedAt",
      "",
      "a renewal beside a takeover of a lock whose holder is dead",
    ],
    "the explorer: a required job has got to the end": [
      "if (behindIt) return requiredJob(behindIt);",
      "",
      "a job that requires another",
    ],
  }),
  ...guardsOf(TRANSITIONS, "proofs/explorer", {
    "the explorer: only the newest run resumes": [
      "if (newest.id !== id) {",
      "if (active !== null) {",
      "a finish beside an interrupt that resumes",
    ],
    "the explorer: no skip while a lock is active": [
      `if (state.active !== null) return refused({ reason: "active", lock: state.active });`,
      "",
      "a skip beside an interrupt that resumes",
    ],
    "the explorer: no resume of an interval that has passed": [
      `if (finishedUntil !== null && run.intervalStartedAt < finishedUntil) return refusedAs("passed");`,
      "",
      "a skip beside an interrupt that resumes",
    ],
    "the explorer: a renewal changes the last update": [
      "Math.max(now, Date.parse(before) + 1)",
      "now",
      "a renewal beside a takeover of a lock whose holder is dead",
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
  ...guardsOf(STALE_LOCK, "backend/remote/lock-calls", {
    "a retry interval of 0 needs no renewal": [
      "return retryAt > updatedAt && retryAt <=",
      "return retryAt <=",
      "with a retry interval of 0 starts without a renewal",
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
];
