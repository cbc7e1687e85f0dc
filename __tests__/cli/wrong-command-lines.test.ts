import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { exec } from "../../src/cli/exec.ts";
import { finish, interrupt, start } from "../../src/cli/lock-commands.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";

const COMMANDS = { start, finish, interrupt, exec };
const HOURLY = ["--interval", "1 hour"];

let server: RunningServer;
/** The text of an active lock. */
let text: string;
beforeAll(async () => {
  server = await runServer();
  text = (await run("start", ["mistaken", ...HOURLY])).output.trimEnd();
});
afterAll(() => server.close());

/** Runs a command as its process does. */
async function run(command: keyof typeof COMMANDS, args: readonly string[], url = server.url) {
  let output = "";
  let errors = "";
  server.lines.length = 0;
  const code = await COMMANDS[command]({
    args: ["--url", url, ...args],
    env: {},
    now: Date.now,
    deadline: (ms = 60_000, signal) => deadlineIn(ms, signal),
    output: { write: (line) => (output += line) },
    errors: { write: (line) => (errors += line) },
    confirm: async () => null,
    newId: () => "11111111-2222-4333-8444-555555555555",
    platform: process.platform,
    cancellation: () => new AbortController().signal,
    print: async (line) => {
      output += line;
    },
    input: async () => "",
  });
  return { code, output, errors };
}

// Such a command line exits with 2, before anything is sent.
test.each<[readonly [keyof typeof COMMANDS, ...string[]], RegExp]>([
  [["start"], /^JOB is missing: pass the name of a job\n$/],
  [["start", "x"], /^--interval is missing: pass a cron expression such as "0 \* \* \* \*", or a length/],
  [["start", "x", "--interval", "often"], /^--interval "often" is not an interval: pass a cron expression/],
  [["start", "x", "--interval", "0 0 30 2 *"], /^--interval "0 0 30 2 \*"/],
  [["start", "x", ...HOURLY, "--retry-interval", ""], /^--retry-interval "" is not a length of time/],
  [["start", "x", ...HOURLY, "--start-buffer", "soon"], /^--start-buffer "soon" is not a length of time/],
  [["start", "x", ...HOURLY, "--required-job", "x"], /^--required-job "x" names the job itself/],
  [["start", "x", ...HOURLY, "--timezone", "BST"], /^--timezone "BST" is an abbreviation/],
  [
    ["start", "x", ...HOURLY, "--starts-at", "2026-11-24"],
    /^--starts-at "2026-11-24" is a date, and without --timezone/,
  ],
  [
    ["start", "x", ...HOURLY, "--catch-up", "all"],
    /^--catch-up "all" is not a word that it takes: pass one of each, merge/,
  ],
  [["start", "x", ...HOURLY, "--wait", "1 month"], /^--wait "1 month" has a unit that differs in length/],
  [
    ["start", "x", ...HOURLY, "--deadline", "2 hours"],
    /^--deadline "2 hours" is out of range: pass 1 second to 30 min/,
  ],
  [
    ["start", "x", ...HOURLY, "--job-interval-started-at", "2026-11-24T00:00:00Z"],
    /^--job-interval-started-at .*: pass --no-lock too, or leave it out\n$/,
  ],
  [["start", "x", ...HOURLY, "--max-intervals", "2"], /^--max-intervals is not a flag of this command: pass the flags/],
  [["start", "x", "--intervall", "1 hour"], /^--intervall is not a flag of this command: pass --interval\n$/],
  [["start", "x", "--intreval", "1 hour"], /^--intreval is not a flag of this command: pass --interval\n$/],
  [["start", "x", ...HOURLY, "--timezne", "UTC"], /^--timezne is not a flag of this command: pass --timezone\n$/],
  [
    ["start", "x", ...HOURLY, "-z"],
    /^-z is not a flag of this command: pass the flags that cronyx-action --help shows\n$/,
  ],
  [["start", "x", "--interval"], /^--interval has no value: pass a value after it\n$/],
  [["start", "x", "--interval", "-1 hour"], /^--interval has no value, .*: pass such a value as --interval=VALUE\n$/],
  [["start", "x", "--interval=-1 hour"], /^--interval "-1 hour" is negative: pass a duration without a minus sign\n$/],
  [["start", "x", ...HOURLY, "--no-lock=false"], /^--no-lock takes no value: pass it alone\n$/],
  [
    ["start", "x", ...HOURLY, "--timezone", "berlin"],
    /^--timezone "berlin" .* \(Europe\/Berlin may be meant\): pass a name/,
  ],
  [["start", "x", "y", ...HOURLY], /^argument "y" is one too many: pass one job name, in quotes/],
  [["finish", "x"], /^--lock is missing: pass the text that start printed\n$/],
  [["finish", "x", "--lock", "started"], /^--lock "started" is not the text of a lock: pass the text that start/],
  [["finish", "x", "--lock", '{"started":false}'], /^--lock .* is the text of a start that was refused/],
  [["exec", "x", ...HOURLY], /^COMMAND is missing: pass it after two hyphens, such as -- make report\n$/],
  [["exec", "x", ...HOURLY, "--"], /^COMMAND is missing/],
  [["exec", "x", "make", ...HOURLY], /^argument "make" is one too many: pass one job name, and the command after two/],
  [["exec", "x", ...HOURLY, "--max-intervals", "0", "--", "true"], /^--max-intervals "0" is not a number of intervals/],
  [["exec", "x", ...HOURLY, "--max-intervals", "2", "--no-lock", "--", "true"], /^--max-intervals 2 is more than 1/],
  [["exec", "x", "--", "true", "--interval", "1 hour"], /^--interval is missing/],
])("%j", async ([command, ...args], says) => {
  expect(await run(command, args)).toEqual({ code: 2, output: "", errors: expect.stringMatching(says) });
  expect(server.lines).toEqual([]);
});

test("a lock of another job, place or interval exits with 2", async () => {
  const changed = JSON.stringify({ ...JSON.parse(text), intervalEndedAt: "2027-01-01T00:00:00.000Z" });
  expect(await run("finish", ["other", "--lock", text])).toMatchObject({
    code: 2,
    errors:
      '--lock is of the job "mistaken", and JOB is "other": pass "mistaken" as JOB, or the text of a lock of "other"\n',
  });
  expect(await run("finish", ["mistaken", "--lock", text], "git+http://127.0.0.1:1/locks.git")).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/is not where the lock was taken, so nothing was sent: set --url or CRONYX_URL/),
  });
  expect(await run("finish", ["mistaken", "--lock", changed])).toMatchObject({
    code: 2,
    errors: expect.stringContaining("is for another interval than the active lock of that id"),
  });
  const { records } = await server.store.read(["mistaken"], deadlineIn(5000));
  expect(records.get("mistaken")?.state.active?.id).toBe(JSON.parse(text).id);
});

test.each(["start", "finish", "interrupt", "exec"] as const)("%s --help exits with 0", async (command) => {
  expect(await run(command, ["--help"])).toMatchObject({
    code: 0,
    output: expect.stringContaining("START FLAGS"),
    errors: "",
  });
});
