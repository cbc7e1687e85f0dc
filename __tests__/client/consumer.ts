// How a program that installed the package uses it. It is checked here against the sources, and by package.test.ts
// against the package's own types.
import DefaultClient, {
  type CallOptions,
  type Credentials,
  CronyxClient,
  CronyxClientError,
  type CronyxClientErrorCode,
  type CronyxClientOptions,
  type Duration,
  type Holder,
  type Job,
  type JobNotStarted,
  type JobStartOptions,
  type JobStartResult,
} from "cronyx-action";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

const credentials: Credentials = { username: "me", password: "secret" };
const holder: Holder = { repository: "octo-org/reports", runId: "1" };
const options: CronyxClientOptions = { url: "git+https://example.com/locks", credentials, holder, timezone: undefined };
const duration: Duration = { years: 1, months: 1, weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1 };
const call: CallOptions = { signal: AbortSignal.abort(), deadline: 1_000 };
const start: JobStartOptions = {
  jobName: "report",
  jobInterval: duration,
  startBuffer: 1_000,
  retryInterval: { minutes: 5 },
  requiredJobNames: ["import"],
  timezone: "Europe/London",
  noLock: true,
  jobIntervalStartedAt: new Date(),
  ...call,
};

// @ts-expect-error: a url is required
new CronyxClient({});
// @ts-expect-error: an interval is required
const withoutInterval: JobStartOptions = { jobName: "report" };
// @ts-expect-error: a wait is no cron expression
const cronBuffer: JobStartOptions = { jobName: "report", jobInterval: 1, startBuffer: "0 * * * *" };
// @ts-expect-error: an instant is a Date
const textualStart: JobStartOptions = { jobName: "report", jobInterval: 1, jobIntervalStartedAt: "2026-11-24" };
// @ts-expect-error: no such option
const misspelt: JobStartOptions = { jobName: "report", jobInterval: 1, retryIntervall: 1 };

export async function use(): Promise<unknown> {
  const client: DefaultClient = new CronyxClient(options);
  same<ReturnType<typeof client.startJob>, Promise<JobStartResult>>(true);
  same<ReturnType<typeof client.requestJobExec>, Promise<void>>(true);
  const job = await client.requestJobStart(start);
  same<typeof job, Job | null>(true);
  if (job !== null) {
    same<typeof job.id, string | null>(true);
    same<typeof job.interval, number>(true);
    same<typeof job.intervalStartedAt, Date>(true);
    // @ts-expect-error: a job is only read
    job.name = "other";
    await job.finish(call);
  }
  await client.requestJobExec(start, async (job: Job): Promise<void> => void job.name);
  const result = await client.startJob(start);
  if (result.started) return result.job.interrupt({ deadline: 5_000 });
  same<typeof result, JobNotStarted>(true);
  if (result.reason === "not-due") same<typeof result.dueAt, Date | null>(true);
  const code: CronyxClientErrorCode = new CronyxClientError("closed", "Closed").code;
  return [code, withoutInterval, cronBuffer, textualStart, misspelt];
}
