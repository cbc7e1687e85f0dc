import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { CommandSurroundings } from "../../src/cli/command-line.ts";
import { release, skip, status } from "../../src/cli/job-commands.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { DAY, HOUR } from "../../src/scheduler/instant.ts";
import { type EndedRun, newJobState, type RecordedSchedule } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { Clock, runServer } from "../../testing/servers/running-server.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

/** The start of the hour that began a number of hours ago. */
const HOURS_AGO = (hours: number) => Math.floor(Date.now() / HOUR - hours) * HOUR;
const SINCE = Date.parse("2026-11-24T04:00:00.000Z");
const TOKEN = "ghs_0123456789abcdefTOKEN";

let repository: LocksRepository;
let server: Awaited<ReturnType<typeof runServer>>;
beforeAll(async () => {
  repository = await LocksRepository.serve({ token: TOKEN });
  server = await runServer();
});
afterAll(() => Promise.all([repository.close(), server.close()]));

function hourly(): RecordedSchedule {
  return { jobInterval: "0 * * * *", timezone: "UTC", startBuffer: 0, requiredJobNames: [] };
}

function interrupted(hoursAgo: number): EndedRun {
  const [intervalStartedAt, intervalEndedAt] = [hoursAgo + 1, hoursAgo].map((h) =>
    new Date(HOURS_AGO(h)).toISOString(),
  );
  return {
    id: `run-${hoursAgo}`,
    intervalStartedAt: intervalStartedAt as string,
    intervalEndedAt: intervalEndedAt as string,
    outcome: "interrupted",
    endedAt: intervalEndedAt as string,
    runUrl: null,
  };
}

async function run(
  command: typeof status,
  args: readonly string[],
  env: CommandSurroundings["env"] = {},
  answer: boolean | null = null,
  terminal: Terminal = {},
) {
  const said = { output: "", errors: "", asked: [] as string[] };
  const code = await command({
    args,
    env: { PATH: process.env.PATH, CRONYX_URL: repository.httpUrl, CRONYX_TOKEN: TOKEN, ...env },
    now: Date.now,
    deadline: () => deadlineIn(2_000),
    output: { write: (text: string) => (said.output += text), ...terminal },
    errors: { write: (text) => (said.errors += text) },
    confirm: async (question) => {
      said.asked.push(question);
      return answer;
    },
  });
  const { asked, ...written } = said;
  return { code, ...written, ...(asked.length > 0 && { asked }) };
}

describe.each(["httpUrl", "fileUrl"] as const)("of a repository, by its %s", (way) => {
  test("status shows the holder of each lock and since when, of one job and of all", async () => {
    await repository.write("report", heldSince("report", SINCE));
    await repository.write("orders\n", finishedUntil("orders\n", SINCE));
    const all = await run(status, ["--url", repository[way]]);
    expect(all).toMatchObject({ code: 0, errors: "" });
    expect(all.output.split("\n")).toEqual([
      expect.stringMatching(/^JOB {10}STATE {4}NEXT DUE {2}LAST RUN/),
      expect.stringMatching(/^report {7}running {2}unknown {3}none {6}run 4711, \d+ \w+$/),
      "orders\\u{a}  free     unknown   none",
      "",
      "2 jobs: 1 running",
      "",
    ]);
    const one = await run(status, ["report", "--url", repository[way]]);
    expect(one.output).toMatch(/^report: held by octo-org\/reports, run 4711.* since 2026-11-24T04:00:00\.000Z.*\n$/);
    expect(one.output).toContain(OTHER_RUN.runUrl);
    const json = JSON.parse((await run(status, ["report", "--json", "--url", repository[way]])).output);
    expect(json).toMatchObject({ name: "report", lock: { holder: OTHER_RUN } });
    expect(json.lock).not.toHaveProperty("idempotencyKey");
  });

  test("release of a job's first interval prints that it is granted again too", async () => {
    const state = heldSince("report", SINCE);
    await repository.write("report", { ...state, finishedUntil: null });
    expect((await run(release, ["report", "--url", repository[way]])).output).toMatch(
      /^Released report, .*: 2026-11-24T03:00:00\.000Z to 2026-11-24T04:00:00\.000Z will be granted again\n$/,
    );
  });

  test("release frees the lock, and its interval comes again", async () => {
    await repository.write("report", heldSince("report", SINCE));
    const released = await run(release, ["report", "--url", repository[way]]);
    expect(released).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Released report, .*run 4711.* granted again\n$/),
    });
    expect(await repository.state("report")).toMatchObject({
      active: null,
      finishedUntil: "2026-11-24T03:00:00.000Z",
      history: [{ outcome: "interrupted" }],
    });
    expect(await run(release, ["report", "--url", repository[way]])).toEqual({
      code: 3,
      output: "",
      errors: "report is free: there is no lock to release\n",
    });
  });
});

describe("skip", () => {
  /** An hourly job with three due intervals: it is finished until 03:00, and now is shortly after 06:00. */
  const begun = {
    intervalStartedAt: new Date(HOURS_AGO(4)).toISOString(),
    intervalEndedAt: new Date(HOURS_AGO(3)).toISOString(),
  };
  const behind = { ...finishedUntil("orders", HOURS_AGO(3)), begun, schedule: hourly() };

  test("shows what will not be run, asks, and moves the job's progress", async () => {
    await repository.write("orders", behind);
    const until = new Date(HOURS_AGO(0)).toISOString();
    const skipped = await run(skip, ["orders", "--until", until], {}, true);
    const what = `orders: ${behind.finishedUntil} to ${until}, 3 intervals, will not be run`;
    expect(skipped).toEqual({ code: 0, output: `${what}: skipped\n`, errors: "", asked: [`${what}. Skip them?`] });
    expect(await repository.state("orders")).toMatchObject({
      finishedUntil: until,
      skipped: [{ skippedStartedAt: behind.finishedUntil, skippedEndedAt: until }],
      history: [],
    });
  });

  test("changes nothing when the answer is no, or when there is no terminal to ask on", async () => {
    await repository.write("orders", behind);
    const args = ["orders", "--until", new Date(HOURS_AGO(2)).toISOString()];
    expect(await run(skip, args, {}, false)).toMatchObject({ code: 1, errors: "orders: nothing was skipped\n" });
    expect(await run(skip, args)).toMatchObject({
      code: 2,
      errors: "--yes is missing, and there is no terminal to ask on: pass --yes to skip without a question\n",
    });
    expect(await repository.state("orders")).toEqual(behind);
  });

  test("--yes asks no question, and --json prints the job's new state", async () => {
    await repository.write("orders", behind);
    const until = new Date(HOURS_AGO(2)).toISOString();
    const { asked, output, ...rest } = {
      asked: [],
      ...(await run(skip, ["orders", "--until", until, "-y", "--json"])),
    };
    expect({ asked, ...rest }).toEqual({ asked: [], code: 0, errors: "" });
    expect(JSON.parse(output)).toMatchObject({ name: "orders", finishedUntil: until, behind: 1, overdue: true });
  });

  test("is refused while a lock is active, for a future instant, and for one that is not after the progress", async () => {
    await repository.write("report", heldSince("report", SINCE));
    const yes = (job: string, until: number) => run(skip, [job, "--until", new Date(until).toISOString(), "--yes"]);
    expect(await yes("report", SINCE)).toMatchObject({ code: 1, errors: expect.stringContaining("is held") });
    await repository.write("orders", behind);
    expect(await yes("orders", Date.now() + DAY)).toMatchObject({ code: 2, errors: expect.stringContaining("future") });
    expect(await yes("orders", HOURS_AGO(3))).toMatchObject({
      code: 2,
      errors: expect.stringContaining(`is not after ${behind.finishedUntil}`),
    });
    expect(await repository.state("orders")).toEqual(behind);
  });

  test("of a job on a server", async () => {
    const { id, intervalEndedAt: until } = (await server.start("/hourly", { jobInterval: HOUR })).json;
    await server.send("PUT", `/hourly/${id}/finish`);
    const refused = await run(skip, ["hourly", "--until", until, "--yes"], {
      CRONYX_URL: server.url,
      CRONYX_TOKEN: "",
    });
    expect(refused).toMatchObject({ code: 1, errors: expect.stringContaining(`is not after ${until}`) });
  });
});

test("status shows first the jobs that fail or are overdue, and when each is due next", async () => {
  const clock = new Clock();
  clock.now = Date.now();
  const kept = await runServer({ clock });
  const overdue = { ...finishedUntil("b-overdue", HOURS_AGO(3)), schedule: hourly() };
  const failing = {
    ...finishedUntil("c-failing", HOURS_AGO(1)),
    schedule: hourly(),
    history: [1, 2, 3].map((n) => interrupted(n)),
  };
  const waiting = { ...finishedUntil("a-waiting", HOURS_AGO(0)), schedule: hourly() };
  for (const state of [waiting, overdue, failing]) await kept.store.swap(null, state, deadlineIn(1_000));
  const { output } = await run(status, [], { CRONYX_URL: kept.url, CRONYX_TOKEN: "" });
  expect(output.split("\n")).toEqual([
    "JOB        STATE    NEXT DUE            LAST RUN",
    expect.stringMatching(/^c-failing {2}failing {2}(\d+ \w+ late|now) +interrupted \d+ \w+ ago$/),
    expect.stringMatching(/^b-overdue {2}overdue {2}(2|1\d\d) \w+ late, 2 behind +none$/),
    expect.stringMatching(/^a-waiting {2}free {5}in \d+ \w+ +none$/),
    "",
    "3 jobs: 1 failing, 1 overdue",
    "",
  ]);
  await kept.close();
});

test("status uses the width and the colours of a terminal", async () => {
  const kept = await runServer();
  const name = `${"日".repeat(50)} of all`;
  await kept.store.swap(null, heldSince(name, SINCE), deadlineIn(1_000));
  const env = { CRONYX_URL: kept.url, CRONYX_TOKEN: "" };
  const wide = await run(status, [], env, null, { isTTY: true, columns: 200 });
  // The control sequences are shown as `ESC`.
  const shown = ({ output }: { output: string }) => output.replaceAll("\u001b", "ESC").split("\n")[1];
  expect(shown(wide)).toMatch(
    new RegExp(`^${name} {2}ESC\\[110GESC\\[32mrunningESC\\[39m {2}unknown {3}none {6}run 4711, `),
  );
  const plain = await run(status, [], { ...env, NO_COLOR: "1" }, null, { isTTY: true, columns: 90 });
  expect(shown(plain)).toMatch(/日…日+ of all {2,3}ESC\[\d+Grunning {2}unknown/);
  await kept.close();
});

describe("status --fail-when", () => {
  const env = () => ({ CRONYX_URL: watched.url, CRONYX_TOKEN: "" });
  let watched: Awaited<ReturnType<typeof runServer>>;
  beforeAll(async () => {
    watched = await runServer({ now: Date.now });
    const late = { ...finishedUntil("late", HOURS_AGO(3)), schedule: hourly() };
    const failing = { ...finishedUntil("failed", HOURS_AGO(1)), history: [interrupted(1)] };
    const stuck = heldSince("stuck", HOURS_AGO(3));
    for (const state of [late, failing, stuck]) await watched.store.swap(null, state, deadlineIn(1_000));
  });
  afterAll(() => watched.close());

  test("exits with 4 where jobs meet a rule, and names them after the list", async () => {
    const ended = await run(status, ["--fail-when", "overdue, held: 2 hours", "--fail-when=failing", "--json"], env());
    expect(ended).toMatchObject({ code: 4, errors: "overdue: late\nheld: 2 hours: stuck\nfailing: failed\n" });
    expect(JSON.parse(ended.output)).toHaveLength(3);
  });

  test("exits with 0 where no job does, and looks at the one job only that is named", async () => {
    expect(await run(status, ["--fail-when", "held: 1 day"], env())).toMatchObject({ code: 0, errors: "" });
    expect(await run(status, ["stuck", "--fail-when", "overdue, failing"], env())).toMatchObject({ code: 0 });
    expect(await run(status, ["late", "--fail-when", "overdue"], env())).toMatchObject({
      code: 4,
      errors: "overdue: late\n",
    });
  });

  test("a job that was never started, and a damaged state document, have their own exit codes", async () => {
    expect((await run(status, ["never", "--fail-when", "overdue"], env())).code).toBe(3);
    const broken = { ...heldSince("broken", SINCE), active: {} } as unknown as ReturnType<typeof heldSince>;
    await watched.store.swap(null, broken, deadlineIn(1_000));
    expect(await run(status, ["--fail-when", "overdue"], env())).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^broken: its state document is damaged.*\noverdue: late\n$/),
    });
  });
});

test("a name cannot become a command of a workflow's log", async () => {
  await repository.write("::error::", finishedUntil("::error::", SINCE));
  expect((await run(status, ["::error::"])).output).toMatch(/^\\u\{3a\}:error::: not held/);
  expect((await run(status, [])).output).toMatch(/^\\u\{3a\}:error:: +free /m);
});

test("JSON has no character that a terminal obeys", async () => {
  await repository.write("\u009b2J", heldSince("\u009b2J", SINCE));
  const shown = [
    await run(status, ["--json"]),
    await run(status, ["\u009b2J", "--json"]),
    await run(release, ["\u009b2J", "--json"]),
  ];
  for (const { output } of shown) {
    expect(output).toMatch(/^[ -~]+\n$/);
    expect(output).toContain(String.raw`"name":"\u009b2J"`);
  }
});

test("of a server", async () => {
  const kept = await runServer();
  const env = { CRONYX_URL: kept.url, CRONYX_TOKEN: "" };
  const { id } = (await kept.start("/nightly%2Freport", { jobInterval: 3_600_000 })).json;
  const all = await run(status, ["--json"], env);
  expect(JSON.parse(all.output)).toMatchObject([{ name: "nightly/report", lock: { id } }]);
  const released = await run(release, ["nightly/report", "--json"], env);
  expect(JSON.parse(released.output)).toMatchObject({ name: "nightly/report", released: { id } });
  expect((await kept.send("GET", "/nightly%2Freport")).json.lock).toBeNull();
  await kept.close();
});

test.each([
  [status, ["never"], {}, 3, "never has never been started"],
  [
    status,
    ["ne\u200bver"],
    {},
    3,
    "never been started; its name contains U+200B (zero width space), and a name without",
  ],
  [release, ["never"], {}, 3, "never has never been started"],
  [release, [], {}, 2, "JOB is missing: pass the name of a job"],
  [release, ["nightly", "report"], {}, 2, 'argument "report" is one too many: pass one job name'],
  [skip, ["never", "--until", "2026-11-24T00:00:00Z"], {}, 3, "never has never been started"],
  [skip, ["orders"], {}, 2, "--until is missing: pass --until with an instant such as"],
  [skip, ["orders", "--until", "yesterday"], {}, 2, '--until "yesterday" is not an instant'],
  [skip, ["orders", "--until", "2026-11-24"], {}, 2, '--until "2026-11-24" is not an instant'],
  [skip, ["--until", "2026-11-24T00:00:00Z"], {}, 2, "JOB is missing"],
  [status, [], { CRONYX_URL: "" }, 2, "--url or CRONYX_URL is missing: pass the address"],
  [status, [], { CRONYX_URL: "octo-org/locks" }, 2, "octo-org/locks"],
  [status, ["--jsn"], {}, 2, "--jsn"],
  [status, ["--fail-when", "late"], {}, 2, '--fail-when "late" is not a rule that it takes: pass overdue, failing, or'],
  [status, ["--fail-when", "held: 5"], {}, 2, '--fail-when "held: 5" has no unit'],
  [status, [], { CRONYX_PASSWORD: "ghs_2" }, 2, "CRONYX_USERNAME is missing"],
  [
    status,
    [],
    { CRONYX_USERNAME: "me", CRONYX_TOKEN: "" },
    2,
    "CRONYX_PASSWORD is missing, and CRONYX_USERNAME is set: set CRONYX_USERNAME and CRONYX_PASSWORD together, or for git+https",
  ],
  [status, [], { CRONYX_USERNAME: "me", CRONYX_URL: "https://example.com" }, 2, "CRONYX_PASSWORD is missing"],
  [status, ["x".repeat(256)], {}, 2, "255"],
  [status, [], { CRONYX_TOKEN: "ghs_wrong" }, 1, "(401): set CRONYX_TOKEN to a token that"],
  [
    status,
    [],
    { CRONYX_URL: "https://me:ghs_1@example.com" },
    2,
    "move them to CRONYX_TOKEN, or to CRONYX_USERNAME and CRONYX_PASSWORD",
  ],
  [release, ["x"], { CRONYX_URL: "git+https://ghs_1@example.com/a/b" }, 2, "move them to CRONYX_TOKEN"],
])("%p of %j with %j: %i", async (command, args, env, code, says) => {
  const { errors, output, ...ended } = await run(command, args, env);
  expect(ended.code).toBe(code);
  expect(output).toBe("");
  expect(errors).toContain(says);
  expect(errors).not.toMatch(/ghs_|\binputs?\b|\n./);
});

test("status names a job whose state is damaged, and shows all other jobs", async () => {
  const kept = await runServer();
  const env = { CRONYX_URL: kept.url, CRONYX_TOKEN: "" };
  await kept.store.swap(null, { ...newJobState("broken\n"), v: 2 } as never, deadlineIn(1_000));
  await kept.store.swap(null, newJobState("report"), deadlineIn(1_000));
  expect(await run(status, [], env)).toEqual({
    code: 1,
    output:
      "JOB          STATE    NEXT DUE  LAST RUN\nbroken\\u{a}  damaged\nreport       free     unknown   none\n\n2 jobs: 1 damaged\n",
    errors: expect.stringMatching(/^broken\\u\{a\}: its state document is damaged.*\n$/),
  });
  expect(JSON.parse((await run(status, ["--json"], env)).output)).toMatchObject([{ name: "report" }]);
  const one = await run(status, ["broken\n"], env);
  expect(one).toMatchObject({ code: 1, output: "", errors: expect.stringContaining("a server's log where it is") });
  await kept.close();

  await repository.write("broken", { ...newJobState("broken"), v: 2 });
  await repository.write("report", heldSince("report", SINCE));
  const all = await run(status, []);
  expect(all).toMatchObject({ code: 1, errors: expect.stringMatching(/^broken: its state document is damaged.*\n$/) });
  expect(all.output).toMatch(/^report +running .*run 4711/m);
});

test.each([
  [{ CRONYX_USERNAME: "jenkins" }, "jenkins"],
  [{ CRONYX_USERNAME: "jenkins", CRONYX_PASSWORD: TOKEN, CRONYX_TOKEN: "ghs_other" }, "jenkins"],
  [{}, "x-access-token"],
])("a repository gets the user name of %j, with the token as its password", async (env, username) => {
  expect((await run(status, ["never"], env)).code).toBe(3);
  const sent = Buffer.from(`${username}:${TOKEN}`).toString("base64");
  expect(repository.exchanges.at(-1)?.authorization).toBe(`Basic ${sent}`);
});

test("where nothing was ever started", async () => {
  const empty = await runServer();
  const env = { CRONYX_URL: empty.url, CRONYX_TOKEN: "" };
  expect(await run(status, [], env)).toEqual({
    code: 0,
    output: "",
    errors: expect.stringMatching(/^No job has been started there\. .*\n {2}cronyx-action exec hourly-report .*\n$/),
  });
  expect(await run(status, ["--json"], env)).toMatchObject({ code: 0, output: "[]\n" });
  expect(await run(status, ["never", "--json"], env)).toMatchObject({ code: 3, output: "null\n" });
  await empty.close();
});

test("plain http to another machine is warned of", async () => {
  const { errors } = await run(status, [], { CRONYX_URL: "http://cronyx.invalid", CRONYX_TOKEN: "" });
  expect(errors).toMatch(
    /^The url "http:\/\/cronyx\.invalid" is plain http, so others on the way can read the credentials and take locks with them: use https/,
  );
});
