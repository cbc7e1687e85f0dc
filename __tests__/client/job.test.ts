import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type HeldLock, type LockLoss, LockLostError, type Started } from "../../src/backend/job-backend.ts";
import { CronyxClientError } from "../../src/client/client-error.ts";
import { Job } from "../../src/client/job.ts";
import { StoreError } from "../../src/store/job-store.ts";

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
] as const;

/** A job whose ends wait for their answer. */
class Trial {
  readonly job: Job;
  /** The ends that were asked for and have no answer, oldest first. */
  readonly asked: { end: string; answer: (error?: Error) => void }[] = [];
  sent = 0;

  constructor(lock: HeldLock | null = HELD) {
    const times = { intervalStartedAt: 0, intervalEndedAt: 1_000, createdAt: 2_000, updatedAt: 2_000 };
    const started: Started = { started: true, jobName: "report", ...times, lock };
    const ask = (end: string) => () =>
      new Promise<void>((resolve, reject) => {
        this.sent++;
        this.asked.push({ end, answer: (error) => (error ? reject(error) : resolve()) });
      });
    this.job = new Job(started, { finish: ask("finish"), interrupt: ask("interrupt"), inBackground() {} });
  }
}

/** What an end is told that finds its lock gone. */
function lostTo(to: "finish" | "interrupt" | "takeover" | "unknown"): CronyxClientError {
  const loss: LockLoss = to === "unknown" ? { to } : to === "takeover" ? { to, at: 0, holder: null } : { to, at: 0 };
  return new CronyxClientError("lock-lost", "Lost", { cause: new LockLostError("Lost", loss) });
}

test.each([
  ["finish", true],
  ["unknown", true],
  ["interrupt", false],
  ["takeover", false],
] as const)("a finish whose answer got lost, tried again, finds the lock lost to %s", async (to, isDone) => {
  const unsettled = new CronyxClientError("unreachable", "No answer", { unsettled: true });
  const { job, asked } = new Trial();
  for (const [fault, rejects] of [
    [unsettled, true],
    [lostTo(to), !isDone],
  ] as const) {
    const finished = job.finish();
    asked.shift()?.answer(fault);
    if (rejects) await expect(finished).rejects.toBe(fault);
    else await finished;
  }
  if (isDone) expect(() => job.id).toThrow("Job is not active for report");
  else expect(job.id).toBe("ours");
});

test("a finish whose answer got lost is neither done nor lost, while nobody tells what ended the lock", async () => {
  const down = new StoreError("unreachable", "No answer");
  const untold = new LockLostError("Lost", { to: "unknown" }, { cause: down });
  const { job, asked } = new Trial();
  const first = job.finish();
  asked.shift()?.answer(new CronyxClientError("unreachable", "No answer", { unsettled: true }));
  await expect(first).rejects.toThrow();
  const again = job.finish();
  asked.shift()?.answer(new CronyxClientError("lock-lost", "Lost", { cause: untold }));
  const message = "Lost, and whether an earlier finish ended it isn't known: No answer";
  await expect(again).rejects.toMatchObject({ code: "unreachable", unsettled: true, message });
  const last = job.finish();
  asked.shift()?.answer(lostTo("finish"));
  await last;
});

test("a finish that can't have come through is not done by the lock being gone", async () => {
  const { job, asked } = new Trial();
  for (const fault of [new CronyxClientError("refused", "No"), lostTo("finish")]) {
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

test("to dispose of a job whose lock is lost is an error, unless an end told of it before", async () => {
  const untold = new Trial();
  const disposed = untold.job[Symbol.asyncDispose]();
  await Promise.resolve();
  untold.asked.shift()?.answer(faults.lost);
  await expect(disposed).rejects.toBe(faults.lost);

  const told = new Trial();
  const finished = told.job.finish();
  told.asked.shift()?.answer(faults.down);
  await expect(finished).rejects.toBe(faults.down);
  const disposedLater = told.job[Symbol.asyncDispose]();
  await Promise.resolve();
  told.asked.shift()?.answer(faults.lost);
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
