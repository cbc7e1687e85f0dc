import type { ActRun, Trigger } from "./act-run.ts";
import type { ExamplePlace } from "./example-place.ts";

/** One run of an example, and what proves that it did as its first comment says. */
export interface ExampleRun extends Trigger {
  /** Prepares the states of jobs. */
  readonly before?: (place: ExamplePlace) => Promise<unknown>;
  readonly during?: (run: ActRun, place: ExamplePlace) => Promise<unknown>;
  /** What the log has, each exactly this many times. act may drop the last lines of a step that fails, but not its outputs. */
  readonly says: readonly (readonly [line: RegExp, times: number])[];
  /** Whether the workflow fails, as it should. */
  readonly fails?: true;
  /** @returns whether everything is as it should be. */
  readonly check?: (place: ExamplePlace) => Promise<boolean> | boolean;
}

/** Runs one after the other, in the same places. Or why act cannot run the example, which is checked by actionlint only. */
type Runs = readonly ExampleRun[] | { readonly notRun: string };

const HOUR = 3_600_000;
const scheduled = { event: "schedule" } as const;
const byHand = { event: "workflow_dispatch" } as const;
const started = (job: string) => new RegExp(`Started: ${job} for `, "g");
const finished = (job: string) => new RegExp(`Finished: ${job} (?:for|until) `, "g");
const notDue = /Not started \(not-due\)/g;

/** The whole hour or day that began this long ago. */
const ago = (length: number, unit = HOUR) => new Date(Math.floor((Date.now() - length) / unit) * unit).toISOString();

/** A job that has finished one interval, a while ago. */
const behind = (job: string, hours: number) => (place: ExamplePlace) =>
  place.command("reports", "exec", job, "--interval", "0 * * * *", "--starts-at", ago(hours * HOUR), "--", "true");

const failing = (place: ExamplePlace) =>
  place.command("reports", "exec", "hourly-report", "--interval", "1 hour", "--", "false").catch(() => {});
const well = (place: ExamplePlace) =>
  place.command("reports", "exec", "hourly-report", "--interval", "1 hour", "--", "true");

const failingJob = [/::set-output:: failing=\["hourly-report"\]/g, 1] as const;

const isDispatch = (line: string) => line.endsWith("/actions/workflows/backfill-matrix.yml/dispatches");
const offsetOf = (body: unknown) => (body as { readonly inputs: { readonly offset: string } }).inputs.offset;

export const EXAMPLES: Readonly<Record<string, Runs>> = {
  "scheduled-command.yml": [
    {
      ...scheduled,
      says: [
        [started("hourly-report"), 1],
        [/\| report from \S+Z to \S+Z/g, 1],
        [finished("hourly-report"), 1],
      ],
    },
    { ...scheduled, says: [[notDue, 1]] },
    { ...byHand, says: [[notDue, 1]] },
  ],
  "scheduled-steps.yml": [
    {
      ...scheduled,
      says: [
        [/\| report from \S+Z to \S+Z/g, 1],
        [finished("hourly-report"), 1],
      ],
    },
    {
      ...scheduled,
      says: [
        [notDue, 1],
        [/\| report from/g, 0],
      ],
    },
  ],
  "from-a-date.yml": [
    // The first of November in London, where it is UTC.
    { ...scheduled, says: [[/\| orders from 2026-11-01T00:00:00.000Z to 2026-11-02T00:00:00.000Z/g, 1]] },
  ],
  "catch-up-in-one-run.yml": [
    { ...scheduled, before: behind("hourly-report", 6), says: [[/\| report from \S+Z to \S+Z/g, 5]] },
  ],
  "catch-up-by-dispatch.yml": [
    {
      ...scheduled,
      before: behind("hourly-report", 6),
      says: [[/\| report from \S+Z to \S+Z/g, 1]],
      check: ({ requests }) =>
        requests.some(({ line }) => line.endsWith("/actions/workflows/catch-up-by-dispatch.yml/dispatches")),
    },
  ],
  "newest-only.yml": [
    {
      ...scheduled,
      before: behind("hourly-cache", 6),
      says: [
        [/\| cache as of \S+Z/g, 1],
        [/catch-up: latest leaves out/g, 1],
      ],
      check: async (place) => (await place.state("hourly-cache")).behind === 0,
    },
  ],
  "across-jobs.yml": [
    {
      ...scheduled,
      says: [
        [/\| the day from \S+Z in (?:eu|us)/g, 2],
        [finished("nightly"), 1],
      ],
      check: async (place) => (await place.state("nightly")).history[0].outcome === "finished",
    },
    {
      ...scheduled,
      says: [
        [notDue, 1],
        [/\| the day from/g, 0],
      ],
    },
  ],
  "skip-whole-jobs.yml": [
    { ...scheduled, says: [[/\| the night from \S+Z to \S+Z/g, 1]] },
    {
      ...scheduled,
      says: [
        [notDue, 1],
        [/\| the night from/g, 0],
      ],
    },
  ],
  "one-of-a-matrix.yml": [
    {
      ...scheduled,
      before: behind("hourly-upload", 6),
      says: [
        [/\| only (?:eu|us|ap) uploads/g, 1],
        [/Not started \((?:active|not-due)\)/g, 2],
      ],
    },
  ],
  "shards.yml": [
    {
      ...scheduled,
      says: [
        [/\| part [123] of 3 from/g, 3],
        [/\| total from/g, 1],
      ],
    },
    { ...scheduled, says: [[notDue, 4]] },
  ],
  // A page has two days here, not 256.
  "backfill-matrix.yml": [
    {
      ...byHand,
      inputs: { from: "2026-11-01", to: "2026-11-04" },
      says: [[/\| report from 2026-11-0[12]T00:00:00.000Z to 2026-11-0[23]T00:00:00.000Z/g, 2]],
      check: ({ requests }) => requests.some(({ line, body }) => isDispatch(line) && offsetOf(body) === "2"),
    },
    {
      ...byHand,
      inputs: { from: "2026-11-01", to: "2026-11-04", offset: "2" },
      says: [[/\| report from 2026-11-03T00:00:00.000Z to 2026-11-04T00:00:00.000Z/g, 1]],
      check: ({ requests }) => requests.filter(({ line }) => isDispatch(line)).length === 1,
    },
    { ...byHand, inputs: { from: "2026-11-01T01:00:00Z", to: "2026-11-02" }, says: [[/\| report from/g, 0]] },
  ],
  "backfill-in-order.yml": [
    {
      ...byHand,
      says: [
        [started("daily-report-october"), 31],
        [/\| report from 2026-10-31T00:00:00.000Z to 2026-11-01T00:00:00.000Z/g, 1],
      ],
    },
  ],
  "run-again.yml": [
    {
      ...byHand,
      inputs: { from: "2026-11-24T04:00:00Z" },
      says: [[/\| report from 2026-11-24T04:00:00.000Z to 2026-11-24T05:00:00.000Z/g, 1]],
    },
  ],
  "required-job.yml": [{ ...scheduled, says: [[finished("daily-orders"), 1]] }],
  "after-required-job.yml": [
    {
      ...scheduled,
      says: [[/Not started \(required-job\)/g, 1]],
    },
    {
      ...scheduled,
      before: (place) => place.command("reports", "exec", "daily-orders", "--interval", "@daily", "--", "true"),
      says: [[finished("daily-summary"), 1]],
    },
  ],
  "shared-locks.yml": [
    { ...scheduled, secrets: { LOCKS_TOKEN: "invented" }, says: [[/\| sync from \S+Z to \S+Z/g, 1]] },
    { ...scheduled, secrets: { LOCKS_TOKEN: "invented" }, repository: "other", says: [[notDue, 1]] },
  ],
  "wait-for-the-lock.yml": [
    {
      ...scheduled,
      before: async (place) => {
        const lock = await place.command("reports", "start", "deploy", "--interval", "1 minute");
        place.notes.set("lock", lock.trim());
      },
      during: async (run, place) => {
        await run.says(/Waiting \(active\)/);
        await place.command("reports", "interrupt", "deploy", "--lock", place.notes.get("lock") ?? "");
      },
      says: [
        [/Waiting \(active\)/g, 1],
        [/\| deploy what changed from \S+Z to \S+Z/g, 1],
      ],
    },
  ],
  "fail-if-not-started.yml": [
    { ...byHand, says: [[/\| invoices from \S+Z to \S+Z/g, 1]] },
    { ...byHand, fails: true, says: [[/::set-output:: reason=not-due/g, 1]] },
  ],
  "cancel-if-not-started.yml": [
    {
      ...scheduled,
      says: [
        [finished("hourly-report"), 1],
        [/Run Main date/g, 1],
      ],
    },
    {
      ...scheduled,
      fails: true,
      // act kills the step at once, where GitHub's runner sends it a signal.
      says: [
        [notDue, 1],
        [/this step has been cancelled/g, 1],
        [/Run Main date/g, 0],
      ],
      check: ({ requests }) => requests.some(({ line }) => line.endsWith("/cancel")),
    },
  ],
  "watch-jobs.yml": [
    { ...scheduled, before: failing, fails: true, says: [failingJob] },
    { ...scheduled, before: well, says: [[/fail-when:/g, 0]] },
  ],
  "watch-another-repository.yml": [
    {
      ...scheduled,
      repository: "other",
      secrets: { REPORTS_TOKEN: "invented" },
      before: async (place) => {
        await failing(place);
        await place.command("reports", "exec", "daily-orders", "--interval", "@daily", "--", "true");
      },
      fails: true,
      says: [failingJob],
    },
    {
      ...scheduled,
      repository: "other",
      secrets: { REPORTS_TOKEN: "invented" },
      before: well,
      says: [[/fail-when:/g, 0]],
    },
  ],
  "watch-into-an-issue.yml": [
    {
      ...scheduled,
      before: failing,
      says: [],
      check: ({ issues }) => issues.length === 1 && /failing: {2}\["hourly-report"\]/.test(issues[0]?.body ?? ""),
    },
    {
      ...scheduled,
      before: failing,
      says: [],
      check: ({ issues }) => issues.length === 1 && issues[0]?.state === "open",
    },
    { ...scheduled, before: well, says: [], check: ({ issues }) => issues[0]?.state === "closed" },
  ],
  "server-oidc.yml": [
    { ...scheduled, says: [[finished("reports/hourly"), 1]] },
    { ...scheduled, says: [[notDue, 1]] },
  ],
  "server-basic-auth.yml": [
    {
      ...scheduled,
      secrets: { CRONYX_USERNAME: "e2e", CRONYX_PASSWORD: "e2e-password" },
      says: [[finished("hourly-report"), 1]],
    },
  ],
  "self-hosted-file.yml": [
    { ...scheduled, says: [[finished("hourly-backup"), 1]] },
    { ...scheduled, says: [[notDue, 1]] },
  ],
  "command-line.yml": [
    {
      ...scheduled,
      says: [
        [finished("hourly-report"), 1],
        [/\| report from \S+Z to \S+Z/g, 1],
      ],
    },
    { ...scheduled, says: [[notDue, 1]] },
  ],
  "release-a-lock.yml": [
    {
      ...byHand,
      inputs: { "job-name": "hourly-report" },
      before: (place) => place.command("reports", "start", "hourly-report", "--interval", "1 hour"),
      says: [[/Released hourly-report/g, 1]],
      check: async (place) => (await place.state("hourly-report")).lock === null,
    },
  ],
  "token-of-an-app.yml": {
    notRun: "actions/create-github-app-token asks GitHub itself for a token, with the private key of an app",
  },
};
