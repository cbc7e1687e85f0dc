import { guardsOf } from "./guard.mjs";

/** @typedef {import("./guard.mjs").Guard} Guard */

const DECIDE = "src/scheduler/decide.ts";
const TRANSITIONS = "src/scheduler/job-transitions.ts";
const LATER = "src/scheduler/rare-transitions.ts";
const DOCUMENT = "src/scheduler/state-document.ts";

const NOT_OWN = "if (active?.id !== id) return refused(lossOf(id, state));";

/** @type {readonly Guard[]} */
export const SCHEDULER_GUARDS = [
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
      "if (lagging) return requiredJob(lagging);",
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
      "startsAt ?? first?.intervalStartedAt ?? null",
      "startsAt",
      "comes again as it was after an interrupt",
    ],
    "a first interval that failed ends where it did": [
      "else if (first?.intervalStartedAt === start) end = Math.min(end, first.intervalEndedAt);",
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
      ", skipped: skippedSpan(start, caughtUp.start)",
      "",
      "gets under latest the span that it skips",
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
  ...guardsOf(LATER, "scheduler/rare-transitions", {
    "an own id renews": [
      `export function renew(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  ${NOT_OWN}`,
      `export function renew(state: JobState, id: string, now: Instant): Transition<LockLoss> {
  const { active } = state;
  if (active === null) return refused(lossOf(id, state));`,
      "renew of an id that is not the active lock",
      "scheduler/job-transitions",
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
    "a renewal changes the last update": [
      "Math.max(now, Date.parse(before) + 1)",
      "now",
      "sets a later instant even in the same millisecond",
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
      "if (lagging) return requiredJob(lagging);",
      "",
      "a job that requires another",
    ],
  }),
  ...guardsOf(LATER, "proofs/explorer", {
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
];
