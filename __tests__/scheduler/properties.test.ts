import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { decide } from "../../src/scheduler/decide.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { finish, interrupt } from "../../src/scheduler/job-transitions.ts";
import { prepareStart } from "../../src/scheduler/start-request.ts";
import { type JobState, newJobState } from "../../src/scheduler/state-document.ts";
import { anyInterval, duration, ZONES, zoneAndInstant } from "../../testing/generators/zones-and-intervals.ts";
import { granted, histories, JOB, type Step } from "../../testing/histories/job-history.ts";

/** Plays random histories, and fails with the first one in which `violation` finds a step that breaks the property. */
async function holds(violation: (steps: readonly Step[]) => string | null): Promise<void> {
  const happened = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(histories, async (play) => {
      const steps = await play();
      for (const { event, done } of steps) if (done) happened.set(event, (happened.get(event) ?? 0) + 1);
      expect(violation(steps)).toBeNull();
    }),
    { numRuns: 150 },
  );
  // The property shows little unless each of these events happens.
  const needed = ["start", "take over", "finish", "interrupt", "renew", "resume", "skip"];
  expect(needed.filter((event) => (happened.get(event) ?? 0) < 5)).toEqual([]);
}

interface Span {
  readonly from: string;
  readonly until: string;
}

/** The spans that a step finished or skipped, in the order of time. */
function spansOf({ event, done, before, after }: Step): readonly Span[] {
  if (!done || (event !== "finish" && event !== "skip")) return [];
  const newest = after.skipped?.[0];
  const isNew = newest !== undefined && JSON.stringify(newest) !== JSON.stringify(before.skipped?.[0]);
  const skipped = isNew ? [{ from: newest.skippedStartedAt, until: newest.skippedEndedAt }] : [];
  if (event === "skip" || before.active === null) return skipped;
  return [...skipped, { from: before.active.intervalStartedAt, until: before.active.intervalEndedAt }];
}

test("tiling: finished and skipped spans tile time from the begun start of the first one on", async () => {
  await holds((steps) => {
    let cursor: string | null = null;
    for (const step of steps) {
      // A job that never began starts where a skip ends.
      cursor ??= step.before.begun?.intervalStartedAt ?? step.before.finishedUntil;
      const spans = spansOf(step);
      if (spans.length > 0) cursor = step.before.finishedUntil ?? step.before.begun?.intervalStartedAt ?? cursor;
      for (const { from, until } of spans) {
        if (from !== cursor) return `a span from ${from} follows one until ${cursor}`;
        cursor = until;
      }
      if (step.after.finishedUntil !== null && spans.length > 0 && step.after.finishedUntil !== cursor) {
        return `progress until ${step.after.finishedUntil}, but spans until ${cursor}`;
      }
    }
    return null;
  });
});

test("one holder: at most one lock is active at a time, and no finished interval is granted again", async () => {
  await holds((steps) => {
    let finishedUntil = "";
    for (const step of steps) {
      if (step.decision?.started) {
        const { active } = step.before;
        if (active !== null && step.event !== "take over" && !isOverdue(step, active.updatedAt)) {
          return `${step.id} was granted while ${active.id} was active`;
        }
        if (toIso(step.decision.intervalStartedAt) < finishedUntil) {
          return `an interval from ${toIso(step.decision.intervalStartedAt)} was granted, finished until ${finishedUntil}`;
        }
      }
      if (step.event === "finish" && step.done) finishedUntil = step.before.active?.intervalEndedAt ?? "";
    }
    return null;
  });
});

function isOverdue({ request, now }: Step, updatedAt: string): boolean {
  return request.retryInterval !== null && request.retryInterval.after(Date.parse(updatedAt)) <= now;
}

test("no future: an interval's end was due when it was granted", async () => {
  await holds((steps) => {
    for (const { decision, request, now } of steps) {
      if (!decision?.started) continue;
      const dueAt = request.startBuffer.after(decision.intervalEndedAt);
      if (dueAt > now) return `an interval that is due at ${toIso(dueAt)} was granted at ${toIso(now)}`;
      if (decision.intervalEndedAt <= decision.intervalStartedAt) return "an interval of no length was granted";
    }
    return null;
  });
});

test("order: the progress never moves back", async () => {
  await holds((steps) => {
    for (const { before, after } of steps) {
      if ((after.finishedUntil ?? "") < (before.finishedUntil ?? "")) {
        return `from ${before.finishedUntil} to ${after.finishedUntil}`;
      }
    }
    return null;
  });
});

test("fencing: an id is granted once, only the active lock's own id ends it, and a takeover has a new id", async () => {
  await holds((steps) => {
    /** When each id was granted, or abandoned, or its run ended last. */
    const usedAt = new Map<string, Instant>();
    for (const { event, id, before, after, done, decision, now } of steps) {
      if (id !== null && decision?.started) {
        const used = usedAt.get(id);
        if (used !== undefined && now - used < HOUR) return `${id} was granted again`;
        if (before.active?.id === id) return `${id} took itself over`;
      }
      if (id !== null && done && ["finish", "interrupt", "renew"].includes(event) && before.active?.id !== id) {
        return `${event} by ${id}, while ${before.active?.id} was active`;
      }
      if (event === "abandon" && id !== null && after.active?.id === id)
        return `${id} is active after it was abandoned`;
      if (event === "abandon" && id !== null) usedAt.set(id, now);
      if (event === "resume" && done && before.active !== null && before.active.id !== id) {
        return `${id} was resumed while ${before.active.id} was active`;
      }
      for (const lock of [before.active, after.active]) if (lock !== null) usedAt.set(lock.id, now);
    }
    return null;
  });
});

test("order of jobs: each required job had finished or skipped up to the end of a granted interval", async () => {
  await holds((steps) => {
    for (const { decision, request, required } of steps) {
      if (!decision?.started) continue;
      for (const name of request.requiredJobNames) {
        const progress = required.get(name)?.finishedUntil ?? "";
        const end = toIso(decision.intervalEndedAt);
        if (progress < end) return `${name} had finished until ${progress}, and an interval until ${end} was granted`;
      }
    }
    return null;
  });
});

const wait = fc.oneof(fc.constantFrom(0, MINUTE, HOUR, DAY, { days: 1 }, { months: 1 }), fc.nat(3 * DAY), duration);
const job = fc.record({ jobInterval: anyInterval, timezone: fc.constantFrom(...ZONES), startBuffer: wait });

test("progress: with any schedules, zones, start buffers and required jobs, every job starts again and again", async () => {
  const catchUp = fc.constantFrom("each", "merge", "latest");
  const required = fc.array(job, { maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(
      zoneAndInstant,
      job,
      catchUp,
      required,
      fc.nat(2),
      async ({ instant }, own, catchUp, others, failures) => {
        const names = others.map((_, at) => `required-${at}`);
        const requests = new Map(
          await Promise.all(
            others.map(async (other, at) => {
              const jobName = `required-${at}`;
              return [jobName, await prepareStart({ jobName, catchUp: "merge", ...other })] as const;
            }),
          ),
        );
        requests.set(JOB, await prepareStart({ jobName: JOB, catchUp, requiredJobNames: names, ...own }));
        const states = new Map<string, JobState>();
        let now = instant;
        let [started, ids, patience] = [0, 0, HOUR];

        /** Starts a job, or waits until the job that it waits for has started. */
        const advance = (jobName: string): void => {
          const request = requests.get(jobName);
          if (request === undefined) throw new Error(`Unknown job ${jobName}`);
          const state = states.get(jobName) ?? newJobState(jobName);
          const decision = decide(request, state, states, now);
          if (decision.started) {
            const id = `lock-${ids++}`;
            const active = granted(state, { id, decision, request, now });
            const end = jobName === JOB && started < failures ? interrupt : finish;
            states.set(jobName, end(active, id, now).state ?? active);
            if (jobName === JOB) started++;
          } else if (decision.reason === "required-job") {
            advance(decision.jobName);
          } else if (decision.reason === "not-due") {
            expect(decision.dueAt).toBeGreaterThan(now);
            // A required job may still lag years behind what its job needs, so wait longer and longer.
            now = Math.max(decision.dueAt ?? now, jobName === JOB ? now : now + patience);
            patience = Math.min(2 * patience, 100 * DAY);
          } else throw new Error("No lock is active");
        };
        for (let step = 0; step < 400 && started < failures + 3; step++) advance(JOB);
        expect(started).toBe(failures + 3);
      },
    ),
    { numRuns: 150 },
  );
});
