// A program as users of cronyx-client write them, of which nothing but the import was changed. It never closes its client.
// package.test.ts compiles it against the package, and runs it on an original server and on this project's.
import CronyxClient, { type Credentials, CronyxClientError, type CronyxClientOptions } from "cronyx-action";

const options: CronyxClientOptions = { url: `${process.env.SERVER_URL}/` };
if (process.env.SERVER_PASSWORD) {
  const credentials: Credentials = { username: "ci", password: "" };
  credentials.password = process.env.SERVER_PASSWORD;
  options.credentials = credentials;
}
const cronyx = new CronyxClient(options);

const messageOf = (call: () => unknown) =>
  Promise.resolve()
    .then(call)
    .then(
      () => "nothing thrown",
      (error: unknown) => (error instanceof CronyxClientError ? `${error.name}: ${error.message}` : String(error)),
    );

const daily: Parameters<typeof cronyx.requestJobStart>[0] = { jobName: "daily report", jobInterval: "0 0 0 * * *" };
daily.timezone = "Asia/Tokyo";
daily.retryInterval = { days: 1 };
const job = await cronyx.requestJobStart(daily);
if (!job) throw new Error("The first start of a job came to nothing");
console.log(typeof job.id, job.name, job.isActive, job.interval <= 86_400_000);
console.log(job.intervalStartedAt.getUTCHours(), job.intervalEndedAt instanceof Date, job.createdAt <= job.updatedAt);
console.log(await cronyx.requestJobStart(daily));
const finished = job.finish();
console.log(await messageOf(() => job.interrupt()));
console.log(await finished);
console.log(await messageOf(() => job.id));
console.log(await messageOf(() => job.isActive));
console.log(await messageOf(() => job.finish()));

const hourly = { jobName: "hourly/report", jobInterval: { hours: 1 }, startBuffer: 0 };
const failing = async () => {
  throw new Error("The report is empty");
};
console.log(await messageOf(() => cronyx.requestJobExec(hourly, failing)));
const names: string[] = [];
const noting = async ({ name }: { name: string }): Promise<void> => {
  names.push(name);
};
console.log(await cronyx.requestJobExec(hourly, noting));
console.log(await cronyx.requestJobExec(hourly, noting));
console.log(names);
console.log(await cronyx.requestJobStart({ jobName: "mail", jobInterval: 1, requiredJobNames: ["never run"] }));

const again = await cronyx.requestJobStart({
  jobName: "daily report",
  jobInterval: { days: 1 },
  noLock: true,
  jobIntervalStartedAt: new Date("2023-02-02T15:00:00.000Z"),
});
console.log(again?.id, again?.intervalEndedAt.toISOString());
await again?.interrupt();
console.log(await messageOf(() => again?.name));

const stranger = new CronyxClient({ ...options, credentials: { username: "ci", password: "wrong" } });
await stranger.requestJobStart(hourly).catch((error: unknown) => {
  console.log(error instanceof CronyxClientError && error.cause instanceof Error);
});
