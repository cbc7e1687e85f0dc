import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readHandedLock } from "../../src/backend/handed-lock.ts";
import { HOUR, toIso } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { CommandProcess } from "../../testing/cli/command-process.ts";
import { PLACES, type Place, Places } from "../../testing/cli/places.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const HOURLY = ["--interval", "1 hour"];

let places: Places;
beforeAll(async () => {
  places = await Places.serve();
});
afterAll(() => places.close());

const commandIn = (place: Place, args: readonly string[], input = "") =>
  new CommandProcess([...args, "--url", places.urlOf(place)], { input });
const run = (place: Place, args: readonly string[], input = "") => commandIn(place, args, input).result();

async function startedIn(place: Place, job: string, flags: readonly string[] = []): Promise<string> {
  const { code, output, errors } = await run(place, ["start", job, ...HOURLY, ...flags]);
  if (code !== 0) throw new Error(errors);
  return output.trimEnd();
}

describe.each(PLACES)("on %s", (place) => {
  test("start prints the text of the lock alone, and finish ends it once", async () => {
    const { code, output, errors } = await run(place, ["start", "one", ...HOURLY, "--retry-interval", "1 day"]);
    expect({ code, lines: output.split("\n").length }).toEqual({ code: 0, lines: 2 });
    const lock = readHandedLock(output.trim());
    const { id, intervalStartedAt = 0, intervalEndedAt = 0 } = lock ?? {};
    expect(errors).toBe(`Started: one for ${toIso(intervalStartedAt)} to ${toIso(intervalEndedAt)}\n`);
    // Without a holder the action asks GitHub about no run.
    expect((await places.state(place, "one"))?.active).toMatchObject({ id, holder: null });

    const finished = `Finished: one for ${toIso(intervalStartedAt)} to ${toIso(intervalEndedAt)}\n`;
    expect(await run(place, ["finish", "one", "--lock", output.trim()])).toEqual({
      code: 0,
      output: finished,
      errors: "",
    });
    expect(await places.state(place, "one")).toMatchObject({ active: null, history: [{ id, outcome: "finished" }] });
    expect(await run(place, ["finish", "one", "--lock", output.trim()])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Nothing to end: one was finished at 20/),
    });
    expect(await run(place, ["interrupt", "one", "--lock", output.trim()])).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringMatching(/no longer active: it was finished; run status/),
    });
  });

  // The git command and HTTP carry the same requests of the commands to a repository.
  if (place === "git+file") return;

  test("interrupt takes the text from the standard input, and the interval comes again", async () => {
    const text = await startedIn(place, "two");
    expect(await run(place, ["interrupt", "two", "--lock", "-"], `${text}\n`)).toMatchObject({
      code: 0,
      output: `Interrupted: two, and the next start decides again from ${JSON.parse(text).intervalStartedAt}\n`,
    });
    expect(JSON.parse(await startedIn(place, "two")).intervalStartedAt).toBe(JSON.parse(text).intervalStartedAt);
  });

  test("a start that is refused exits with 75, prints no text, and says why", async () => {
    const now = Date.now();
    await places.write(place, heldSince("held", now));
    await places.write(place, finishedUntil("done", now));
    await places.write(place, finishedUntil("waiting", now - 2 * HOUR));
    for (const [job, flags, reason] of [
      ["held", [], /^Not started \(active\): held is held by octo-org\/reports, run 4711.* without --retry-interval/],
      ["held", ["--retry-interval", "2 hours"], /it can be taken over from 20/],
      ["done", [], /^Not started \(not-due\): done is due at 20/],
      [
        "waiting",
        ["--required-job", "done", "--required-job", "never"],
        /^Not started \(required-job\).* needs never /,
      ],
    ] as const) {
      const refused = await run(place, ["start", job, ...HOURLY, ...flags]);
      expect(refused).toEqual({ code: 75, output: "", errors: expect.stringMatching(reason) });
    }
    expect((await places.state(place, "held"))?.active?.holder).toEqual(OTHER_RUN);
  });

  test("a lock that another start took over is left alone", async () => {
    const text = await startedIn(place, "taken");
    const other = JSON.parse(await startedIn(place, "taken", ["--retry-interval", "0"]));
    const finished = await run(place, ["finish", "taken", "--lock", text]);
    expect(finished).toMatchObject({ code: 1, output: "", errors: expect.stringContaining("took it over") });
    expect((await places.state(place, "taken"))?.active?.id).toBe(other.id);
  });

  test("the flags of a start reach the decision", async () => {
    const startsAt = Math.floor(Date.now() / HOUR) * HOUR - 5 * HOUR;
    const flags = ["--starts-at", toIso(startsAt), "--timezone", "Europe/London", "--start-buffer", "1 minute"];
    const { code, output, errors } = await run(place, [
      ...["start", "all", "--interval", "0 * * * *", ...flags, "--catch-up", "latest"],
      ...["--retry-interval", "PT2H", "--deadline", "30 seconds", "--wait", "5 s"],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(output).intervalStartedAt > toIso(startsAt)).toBe(true);
    expect(errors).toContain(`leaves out ${toIso(startsAt)} to ${JSON.parse(output).intervalStartedAt}`);
    expect((await places.state(place, "all"))?.schedule).toMatchObject({
      jobInterval: "0 * * * *",
      timezone: "Europe/London",
      requiredJobNames: [],
    });
  });

  test("--no-lock takes none, so there is nothing to end", async () => {
    const text = await startedIn(place, "free", ["--no-lock", "--job-interval-started-at", "2026-11-01T00:00:00Z"]);
    expect(JSON.parse(text)).toMatchObject({ id: null, intervalStartedAt: "2026-11-01T00:00:00.000Z" });
    expect(await run(place, ["finish", "free", "--lock", text])).toMatchObject({
      code: 0,
      output: "Nothing to end: free was started without a lock\n",
    });
    expect(await places.state(place, "free")).toBeNull();
  });
});

describe("a start that waits", () => {
  const place = "git+http";

  test("starts once the job is free", async () => {
    await places.write(place, heldSince("queue", Date.now()));
    const waiting = commandIn(place, ["start", "queue", ...HOURLY, "--wait", "5 minutes"]);
    await waiting.reported("Waiting (active): queue is held");
    await places.write(place, finishedUntil("queue", Date.now() - HOUR));
    const { code, output } = await waiting.result();
    expect(code).toBe(0);
    expect((await places.state(place, "queue"))?.active?.id).toBe(JSON.parse(output).id);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const)("%s ends a wait at once, and no lock is held", async (signal, code) => {
    const job = `waits for ${signal}`;
    await places.write(place, heldSince(job, Date.now()));
    const before = await places.state(place, job);
    const waiting = commandIn(place, ["start", job, ...HOURLY, "--wait", "5 minutes"]);
    await waiting.reported("Waiting (active)");
    waiting.process.kill(signal);
    expect(await waiting.result()).toEqual({
      code,
      output: "",
      errors: expect.stringContaining(`\n${signal}: ${job} was not started, and no lock is held\n`),
    });
    expect(await places.state(place, job)).toEqual(before);
  });
});

describe("a start that is stopped while its request is in flight", () => {
  test.each(["before", "after"] as const)("holds no lock: its write is carried out %s the signal", async (order) => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    let isAway = false;
    let isFirst = true;
    const other = await LocksRepository.serve({
      fault: ({ command }) => {
        if (isAway) return { status: 500 };
        if (command !== "push" || !isFirst) return undefined;
        isFirst = false;
        arrive();
        if (order === "after") return { delay: 1500 };
        isAway = true;
        return { status: 500, carriedOut: true };
      },
    });
    const starting = new CommandProcess(["start", "stopped", ...HOURLY, "--url", other.httpUrl]);
    try {
      await arrived;
      if (order === "before") {
        await starting.reported("500");
        expect((await other.state("stopped"))?.active).not.toBeNull();
      }
      starting.process.kill("SIGINT");
      isAway = false;
      expect(await starting.result()).toEqual({
        code: 130,
        output: "",
        errors: expect.stringContaining("no lock is held"),
      });
      expect((await other.state("stopped"))?.active ?? null).toBeNull();
      const again = await new CommandProcess(["start", "stopped", ...HOURLY, "--url", other.httpUrl]).result();
      expect(again.code).toBe(0);
    } finally {
      starting.process.kill("SIGKILL");
      await other.close();
    }
  });

  test("by a closed standard output: the lock is interrupted", async () => {
    const starting = new CommandProcess(["start", "unread", ...HOURLY, "--url", places.urlOf("git+file")]);
    starting.process.stdout?.destroy();
    await once(starting.process, "exit");
    expect(starting.process.exitCode).toBe(1);
    expect(await places.state("git+file", "unread")).toMatchObject({
      active: null,
      history: [{ outcome: "interrupted" }],
    });
  });

  test("by a full disk, which has no room for the text: the lock is interrupted", async () => {
    const args = ["start", "no room", ...HOURLY, "--url", places.urlOf("git+file")];
    const { code, errors } = await new CommandProcess(args, { unwritable: "output" }).result();
    expect([code, errors]).toEqual([1, expect.stringContaining("so it is interrupted\n")]);
    expect(await places.state("git+file", "no room")).toMatchObject({
      active: null,
      history: [{ outcome: "interrupted" }],
    });
  });
});

test("a full disk that has no room for an error takes the lock, and ends it", async () => {
  let faults = 0;
  const other = await LocksRepository.serve({
    // Each command writes a line about its repeated request.
    fault: () => (faults++ % 3 === 0 ? { status: 503 } : undefined),
  });
  try {
    const unwritable = "errors";
    const args = (...command: readonly string[]) => [...command, "--url", other.httpUrl];
    const taken = await new CommandProcess(args("start", "quiet", ...HOURLY), { unwritable }).result();
    expect(taken).toMatchObject({ code: 0, output: expect.stringContaining('"started":true') });
    const finish = args("finish", "quiet", "--lock", taken.output.trim());
    expect((await new CommandProcess(finish, { unwritable }).result()).code).toBe(0);
    expect(await other.state("quiet")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
  } finally {
    await other.close();
  }
});

describe("an original CronyxServer", () => {
  let original: OriginalServer;
  beforeAll(async () => {
    original = await new OriginalServer().listen();
  });
  afterAll(() => original.close());
  const runThere = (...args: readonly string[]) => new CommandProcess([...args, "--url", original.url]).result();

  test("starts and ends, and tells a lock that was lost only at its end", async () => {
    const text = (await runThere("start", "report", ...HOURLY)).output.trim();
    expect(await runThere("start", "report", ...HOURLY)).toMatchObject({
      code: 75,
      errors: expect.stringMatching(/^Not started \(unknown\): the server does not say/),
    });
    expect((await runThere("finish", "report", "--lock", text)).code).toBe(0);
    expect((await runThere("finish", "report", "--lock", text)).code).toBe(1);
  });

  test("does not know --catch-up, and holds no lock after it", async () => {
    const { code, errors } = await runThere("start", "latest", ...HOURLY, "--catch-up", "latest");
    expect([code, errors]).toEqual([1, expect.stringContaining("leave --starts-at and --catch-up out\n")]);
    expect((await runThere("start", "latest", ...HOURLY)).code).toBe(0);
  });
});

describe("a command line that is wrong exits with 2, before anything is sent", () => {
  test.each([
    [["start", "x", "--interval", "often"], /^--interval "often" is not an interval: pass a cron expression/],
    [["finish", "x", "--lock", "started"], /^--lock "started" is not the text of a lock: pass the text that start/],
    [["exec", "x", ...HOURLY], /^COMMAND is missing: pass it after two hyphens, such as -- make report\n$/],
  ])("%j", async (args, says) => {
    places.server.lines.length = 0;
    const { code, output, errors } = await run("our own server", args);
    expect([code, output, errors]).toEqual([2, "", expect.stringMatching(says)]);
    expect(places.server.lines).toEqual([]);
  });
});
