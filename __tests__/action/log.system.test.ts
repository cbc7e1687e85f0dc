import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type StepResult } from "../../testing/action/runner.mjs";
import { finishedUntil } from "../../testing/states/states-of-other-runs.ts";

let repository: LocksRepository;
beforeAll(async () => {
  repository = await LocksRepository.serve();
});
afterAll(() => repository.close());

/** The log, with a placeholder for each value that differs from run to run. */
const shown = ({ log }: StepResult) =>
  log
    .join("\n")
    .replaceAll(Buffer.from("x-access-token:TOKEN").toString("base64"), "LOGIN")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "INSTANT")
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID")
    .replaceAll(repository.httpUrl.slice("git+".length), "REPOSITORY");

const step = (inputs: Record<string, string>, runId = "42") =>
  repository.step({ token: "TOKEN", ...inputs }, runOf("report", runId));

test("what a run prints", async () => {
  const said: Record<string, string> = {};
  const say = async (what: string, result: Promise<StepResult>) => {
    said[what] = shown(await result);
  };
  await repository.write("hourly", finishedUntil("hourly", Date.now() - 3.5 * HOUR));

  const first = step({ "job-name": "hourly" });
  await say("started", first.main());
  await say("refused, active", step({ "job-name": "hourly" }).main());
  await say("refused, active, may be taken over", step({ "job-name": "hourly", "retry-interval": "1 day" }).main());
  await say("finished", first.post("success"));
  const second = step({ "job-name": "hourly" });
  await second.main();
  await say("interrupted", second.post("failure"));
  const third = step({ "job-name": "hourly" });
  await third.main();
  await say("cancelled", third.post("cancelled"));
  const fourth = step({ "job-name": "hourly" });
  await fourth.main();
  await say("takes over", step({ "job-name": "hourly", "retry-interval": "0" }, "43").main());
  await say("taken over", fourth.post("success"));

  await repository.write("done", finishedUntil("done", Date.now()));
  const notDue = step({ "job-name": "done" });
  await say("refused, not due", notDue.main());
  await say("nothing to end", notDue.post("success"));
  await repository.write("behind", finishedUntil("behind", Date.now() - 2 * HOUR));
  await repository.write("summary", finishedUntil("summary", Date.now() - 1.5 * HOUR));
  await say("refused, required job", step({ "job-name": "summary", "required-job-names": "behind" }).main());
  await say(
    "refused, required job that never ran",
    step({ "job-name": "summary", "required-job-names": "orders" }).main(),
  );
  await say("latest", step({ "job-name": "behind", "catch-up": "latest" }).main());
  await say("no lock", step({ "job-name": "summary", "no-lock": "true" }).main());
  await say("wrong input", step({ "job-name": "hourly", "job-interval": "90 x" }).main());

  expect(said).toMatchInlineSnapshot(`
{
  "cancelled": "::add-mask::TOKEN
::add-mask::LOGIN
Interrupted: hourly for INSTANT to INSTANT, because the job's status is cancelled; the next start gets the same interval",
  "finished": "::add-mask::TOKEN
::add-mask::LOGIN
Finished: hourly for INSTANT to INSTANT",
  "interrupted": "::add-mask::TOKEN
::add-mask::LOGIN
Interrupted: hourly for INSTANT to INSTANT, because the job's status is failure; the next start gets the same interval",
  "latest": "::add-mask::TOKEN
::add-mask::LOGIN
Started: behind for INSTANT to INSTANT
catch-up: latest leaves out INSTANT to INSTANT: no run gets it once this run finishes",
  "no lock": "::add-mask::TOKEN
::add-mask::LOGIN
Started without a lock: summary for INSTANT to INSTANT",
  "nothing to end": "This step holds no lock: nothing to end",
  "refused, active": "::add-mask::TOKEN
::add-mask::LOGIN
Not started (active): hourly is held by octo-org/reports, run 42, job report (https://github.com/octo-org/reports/actions/runs/42/attempts/1) since INSTANT; no run takes it over, because retry-interval is not set: if its run is dead, add "permissions: actions: read", set retry-interval, or free the lock by hand (docs/locks.md)",
  "refused, active, may be taken over": "::add-mask::TOKEN
::add-mask::LOGIN
Not started (active): hourly is held by octo-org/reports, run 42, job report (https://github.com/octo-org/reports/actions/runs/42/attempts/1) since INSTANT; it can be taken over from INSTANT, or earlier with a shorter retry-interval",
  "refused, not due": "::add-mask::TOKEN
::add-mask::LOGIN
Not started (not-due): done is due at INSTANT, and a run from then on starts it",
  "refused, required job": "::add-mask::TOKEN
::add-mask::LOGIN
::notice::Not started (required-job): summary needs behind to have finished until INSTANT, and it has finished until INSTANT; if it never gets there, repair its runs, skip its intervals (docs/recipes.md), or take it out of required-job-names",
  "refused, required job that never ran": "::add-mask::TOKEN
::add-mask::LOGIN
::notice::Not started (required-job): summary needs orders to have finished, and it has finished nothing yet; check that required-job-names has its exact name, and that its workflow runs",
  "started": "::add-mask::TOKEN
::add-mask::LOGIN
Started: hourly for INSTANT to INSTANT
hourly is behind: 2 further intervals are due",
  "taken over": "::add-mask::TOKEN
::add-mask::LOGIN
::error::The lock of hourly was taken over at INSTANT by octo-org/reports, run 43, job report (https://github.com/octo-org/reports/actions/runs/43/attempts/1) before this run ended, so both did the same interval: set retry-interval to more than the longest run takes",
  "takes over": "::add-mask::TOKEN
::add-mask::LOGIN
Started: hourly for INSTANT to INSTANT
::warning::Took over the lock of octo-org/reports, run 42, job report (https://github.com/octo-org/reports/actions/runs/42/attempts/1), held since INSTANT; if that run still works, both do this interval
hourly is behind: 1 further interval is due",
  "wrong input": "::error::job-interval "90 x" has the unknown unit "x": use one of years, months, weeks, days, hours, minutes, seconds",
}
`);
});

test("with debug logging a start shows its request and its answer, and no secret", async () => {
  const SECRET = "ghs_0123456789";
  const env = { ...runOf("report"), RUNNER_DEBUG: "1" };
  const { log } = await repository.step({ "job-name": "debugged", token: SECRET }, env).main();
  const debugged = log.filter((line) => line.startsWith("::debug::"));
  expect(debugged).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^::debug::Start request at 20.*: \{"jobName":"debugged","jobInterval":\{"hours":1\}/),
      expect.stringMatching(/^::debug::Answer: \{"started":true,"jobName":"debugged"/),
    ]),
  );
  expect(debugged.join()).not.toContain(SECRET);
});
