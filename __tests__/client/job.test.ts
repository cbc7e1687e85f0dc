import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type HeldLock, LockLostError, type Started } from "../../src/backend/job-backend.ts";
import { CronyxClientError } from "../../src/client/client-error.ts";
import { Job } from "../../src/client/job.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import type { LockLoss } from "../../src/scheduler/lock-loss.ts";

const HELD: HeldLock = { jobName: "report", id: "ours", record: null };
const PROPERTIES = [
  "id",
  "name",
  "interval",
  "isActive",
  "intervalStartedAt",
  "intervalEndedAt",
  "createdAt",
  "updatedAt",
  "lock",
] as const;

/** A job whose ends wait until the test answers them. */
class Trial {
  readonly job: Job;
  /** The ends without an answer, oldest first. */
  readonly asked: { end: string; answer: (error?: Error) => void }[] = [];
  sent = 0;

  constructor(lock: HeldLock | null = HELD) {
    const times = { intervalStartedAt: 0, intervalEndedAt: 1_000, createdAt: 2_000, updatedAt: 2_000 };
    const started: Started = {
      started: true,
      jobName: "report",
      ...times,
      lock,
      behind: 0,
      skipped: null,
      takenOver: null,
    };
    const ask = (end: string) => () =>
      new Promise<void>((resolve, reject) => {
        this.sent++;
        this.asked.push({ end, answer: (error) => (error ? reject(error) : resolve()) });
      });
    this.job = new Job(started, {
      finish: ask("finish"),
      interrupt: ask("interrupt"),
      renew: async (held) => ({ jobName: "report", ...times, updatedAt: 3_000, lock: held }),
      inBackground() {},
      textOf: JSON.stringify,
    });
  }
}

const NO_ANSWER = new CronyxClientError("unreachable", "No answer", { effect: "possible" });

/** The error of an end whose lock has ended already. */
function lossBy(ending: LockLoss["ending"]): CronyxClientError {
  const loss: LockLoss =
    ending === "unknown" ? { ending } : ending === "taken-over" ? { ending, at: 0, holder: null } : { ending, at: 0 };
  return new CronyxClientError("lock-lost", "Lost", { cause: new LockLostError(HELD, loss) });
}

test.each([
  ["finished", true],
  ["unknown", true],
  ["interrupted", false],
  ["taken-over", false],
] as const)("a finish whose answer was lost is called again, and the lock's ending is %s", async (ending, isDone) => {
  const { job, asked } = new Trial();
  for (const [fault, rejects] of [
    [NO_ANSWER, true],
    [lossBy(ending), !isDone],
  ] as const) {
    const finished = job.finish();
    asked.shift()?.answer(fault);
    if (rejects) await expect(finished).rejects.toBe(fault);
    else await finished;
  }
  if (isDone) expect(() => job.id).toThrow("Job is not active for report");
  else expect(job.id).toBe("ours");
});

test("a finish whose answer was lost is neither done nor lost while the lock's ending cannot be read", async () => {
  const place = "https://locks.example.com";
  const down = new ServiceError("unreachable", { place, problem: "cannot be reached", effect: "none" });
  const unread = new LockLostError(HELD, { ending: "unknown" }, { cause: down });
  const { job, asked } = new Trial();
  const first = job.finish();
  asked.shift()?.answer(NO_ANSWER);
  await expect(first).rejects.toThrow();
  const again = job.finish();
  asked.shift()?.answer(new CronyxClientError("lock-lost", "Lost", { cause: unread }));
  const problem =
    'The lock ours of the job "report" is no longer active, and whether an earlier finish ended it is not known';
  await expect(again).rejects.toMatchObject({
    code: "unreachable",
    effect: "possible",
    message: expect.stringContaining(`${problem}: ${place} cannot be reached`),
  });
  const last = job.finish();
  asked.shift()?.answer(lossBy("finished"));
  await last;
});

test("a finish that had no effect is not done when the lock has ended", async () => {
  const { job, asked } = new Trial();
  for (const fault of [new CronyxClientError("update-refused", "No"), lossBy("finished")]) {
    const finished = job.finish();
    asked.shift()?.answer(fault);
    await expect(finished).rejects.toBe(fault);
  }
});

const faults = { lost: new CronyxClientError("lock-lost", "Lost"), down: new CronyxClientError("unreachable", "Down") };
const step = fc.constantFrom("finish", "interrupt", "succeed", "lost", "down", "read");

test("in any order of ends and answers, a job is active until one end succeeds, and has one end at a time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { job, asked } = new Trial();
      let state: "active" | "pending" | "ended" = "active";
      let ending: Promise<unknown> = Promise.resolve();
      for (const name of steps) {
        if (name === "read") {
          for (const property of PROPERTIES) {
            if (state === "ended") expect(() => job[property]).toThrow("Job is not active for report");
            else expect(job[property]).toBeDefined();
          }
        } else if (name === "finish" || name === "interrupt") {
          const outcome = job[name]().catch((error: unknown) => error);
          if (state === "active") {
            ending = outcome;
            state = "pending";
          } else {
            const code = state === "ended" ? "not-active" : "pending";
            const message = `Job is ${state === "ended" ? "not active" : "pending"} for report`;
            expect(await outcome).toMatchObject({ name: "CronyxClientError", code, message });
          }
        } else if (state === "pending") {
          const fault = name === "succeed" ? undefined : faults[name];
          asked.shift()?.answer(fault);
          expect(await ending).toBe(fault);
          state = fault ? "active" : "ended";
        }
        expect(asked).toHaveLength(state === "pending" ? 1 : 0);
      }
    }),
    { numRuns: 300 },
  );
});

test("a job that is disposed of is interrupted once, exactly if no end succeeded before", async () => {
  const outcome = fc.constantFrom("succeed" as const, "down" as const);
  await fc.assert(
    fc.asyncProperty(fc.array(outcome, { maxLength: 4 }), async (outcomes) => {
      const trial = new Trial();
      let active = true;
      for (const name of outcomes) {
        if (!active) break;
        const ending = trial.job.finish().catch(() => {});
        trial.asked.shift()?.answer(name === "succeed" ? undefined : faults.down);
        await ending;
        active = name !== "succeed";
      }
      const before = trial.sent;
      const disposed = trial.job[Symbol.asyncDispose]();
      await Promise.resolve();
      expect(trial.asked.map(({ end }) => end)).toEqual(active ? ["interrupt"] : []);
      trial.asked.shift()?.answer();
      await disposed;
      await trial.job[Symbol.asyncDispose]();
      expect(trial.sent - before).toBe(active ? 1 : 0);
    }),
  );
});

test("to dispose of a job whose lock is lost is an error, unless an end has thrown it before", async () => {
  const unended = new Trial();
  const disposed = unended.job[Symbol.asyncDispose]();
  await Promise.resolve();
  unended.asked.shift()?.answer(faults.lost);
  await expect(disposed).rejects.toBe(faults.lost);

  const afterFinish = new Trial();
  const finished = afterFinish.job.finish();
  afterFinish.asked.shift()?.answer(faults.down);
  await expect(finished).rejects.toBe(faults.down);
  const disposedLater = afterFinish.job[Symbol.asyncDispose]();
  await Promise.resolve();
  afterFinish.asked.shift()?.answer(faults.lost);
  await disposedLater;
});

test("a job without a lock has the same states, and sends nothing", async () => {
  const { job, ...trial } = new Trial(null);
  expect(job.id).toBeNull();
  const finished = job.finish();
  await expect(job.interrupt()).rejects.toThrow("Job is pending for report");
  await finished;
  await expect(job.finish()).rejects.toThrow("Job is not active for report");
  expect(trial.sent).toBe(0);
});

test("its dates are its own", () => {
  const { job } = new Trial();
  job.intervalEndedAt.setTime(0);
  expect(job.intervalEndedAt).toEqual(new Date(1_000));
});
