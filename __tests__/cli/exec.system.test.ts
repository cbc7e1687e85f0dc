import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { CommandProcess } from "../../testing/cli/command-process.ts";
import { PLACES, type Place, Places } from "../../testing/cli/places.ts";
import { isAlive } from "../../testing/processes/is-alive.ts";
import { OriginalServer } from "../../testing/servers/original-server.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const HOURLY = ["--interval", "1 hour"];

let places: Places;
let folder: string;
beforeAll(async () => {
  places = await Places.serve();
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-exec-"));
});
afterAll(async () => {
  await places.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const at = (url: string, args: readonly string[], input = "") =>
  new CommandProcess(["exec", ...args], { env: { CRONYX_URL: url, FOLDER: folder }, input });
const execIn = (place: Place, args: readonly string[], input = "") => at(places.urlOf(place), args, input);
const run = (place: Place, args: readonly string[], input = "") => execIn(place, args, input).result();
const sh = (script: string) => ["--", "sh", "-c", script];
const read = (file: string) => readFileSync(path.join(folder, file), "utf8");

/** A command that ignores signals, with a child and a child in another session. That one says when both are ready. */
const TREE = (name: string) =>
  `trap '' INT TERM; sleep 1000 & echo $! > $FOLDER/${name}-child; setsid sh -c 'echo $$ > $FOLDER/${name}-daemon; echo ready >&2; exec sleep 1000' & while :; do sleep 1; done`;
const pidsOf = (name: string) => ["child", "daemon"].map((part) => Number(read(`${name}-${part}`)));

describe.each(PLACES)("on %s", (place) => {
  test("a command that succeeds runs under the lock, gets the interval, and finishes it", async () => {
    const script = 'echo "$CRONYX_JOB_NAME|$CRONYX_JOB_ID|$CRONYX_INTERVAL_STARTED_AT|$CRONYX_INTERVAL_ENDED_AT"; cat';
    const { code, output, errors } = await run(place, ["two words", ...HOURLY, ...sh(script)], "from the input");
    const { active, history = [] } = (await places.state(place, "two words")) ?? {};
    const [{ id, intervalStartedAt: from, intervalEndedAt: until, outcome } = {}] = history;
    expect({ code, active, outcome }).toEqual({ code: 0, active: null, outcome: "finished" });
    expect(output).toBe(`two words|${id}|${from}|${until}\nfrom the input`);
    expect(errors).toBe(`Started: two words for ${from} to ${until}\nFinished: two words for ${from} to ${until}\n`);
  });

  // The git command and HTTP carry the same requests of the command to a repository.
  if (place === "git+file") return;

  test("a job that is held or not due runs nothing, and exits with 75", async () => {
    await places.write(place, heldSince("held", Date.now()));
    await places.write(place, finishedUntil("done", Date.now()));
    for (const [job, reason] of [
      ["held", "active"],
      ["done", "not-due"],
    ] as const) {
      const refused = await run(place, [job, ...HOURLY, ...sh("touch $FOLDER/ran")]);
      expect(refused).toMatchObject({
        code: 75,
        output: "",
        errors: expect.stringContaining(`Not started (${reason})`),
      });
    }
    expect(existsSync(path.join(folder, "ran"))).toBe(false);
    expect((await places.state(place, "held"))?.active?.holder).toEqual(OTHER_RUN);
  });

  test("a lost lock stops the command, and the other run's lock stays", async () => {
    const script = "echo ready >&2; exec sleep 1000";
    const execution = execIn(place, ["lost", ...HOURLY, "--retry-interval", "9 seconds", ...sh(script)]);
    await execution.reported("ready");
    await places.write(place, heldSince("lost", Date.now()));
    expect(await execution.result()).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/\nThe command was stopped: The lock .* of the job "lost" is no longer active/),
    });
    expect((await places.state(place, "lost"))?.active?.holder).toEqual(OTHER_RUN);
  });
});

const REPOSITORY = "git+http";

test("a command that fails interrupts, and its exit code is that of exec", async () => {
  for (const [script, code] of [
    ["exit 3", 3],
    ["kill -9 $$", 137],
    ["exit 75", 75],
  ] as const) {
    expect(await run(REPOSITORY, ["failing", ...HOURLY, ...sh(script)])).toMatchObject({
      code,
      errors: expect.stringMatching(
        `Interrupted: failing for \\S+Z to \\S+Z, because the command exited with ${code}; the next start gets the same`,
      ),
    });
  }
  const { active, history = [] } = (await places.state(REPOSITORY, "failing")) ?? {};
  expect([active, ...history.map(({ outcome }) => outcome)]).toEqual([null, ...Array(3).fill("interrupted")]);
  expect(new Set(history.map(({ intervalStartedAt }) => intervalStartedAt)).size).toBe(1);
});

test("SIGINT ends the whole process tree, and interrupts", async () => {
  const name = "tree";
  const execution = execIn(REPOSITORY, ["stopped", ...HOURLY, "--retry-interval", "1 day", ...sh(TREE(name))]);
  await execution.reported("ready");
  expect(pidsOf(name).map(isAlive)).toEqual([true, true]);
  execution.process.kill("SIGINT");
  expect(await execution.result()).toMatchObject({
    code: 130,
    errors: expect.stringMatching(
      /Interrupted: stopped for .*, because of SIGINT; the next start gets the same interval/,
    ),
  });
  expect(pidsOf(name).map(isAlive)).toEqual([false, false]);
  expect(await places.state(REPOSITORY, "stopped")).toMatchObject({
    active: null,
    history: [{ outcome: "interrupted" }],
  });
});

describe("--max-intervals", () => {
  const behind = (job: string) => places.write(REPOSITORY, finishedUntil(job, Date.now() - 3.5 * HOUR));

  test("runs the due intervals oldest first, and succeeds where none is due any more", async () => {
    await behind("three");
    const three = await run(REPOSITORY, [
      ...["three", ...HOURLY, "--max-intervals", "10"],
      ...sh("echo $CRONYX_INTERVAL_STARTED_AT"),
    ]);
    const starts = three.output.trim().split("\n");
    expect(starts).toEqual([...starts].sort());
    expect([three.code, starts.length]).toEqual([0, 3]);
    expect(three.errors).toMatch(/\nthree is behind: 1 further interval is due\n[\s\S]*\nNot started \(not-due\)/);
  });

  test("stops at the number, and at the first failure", async () => {
    await behind("two");
    const two = await run(REPOSITORY, ["two", ...HOURLY, "--max-intervals", "2", ...sh("echo x")]);
    expect(two).toMatchObject({ code: 0, output: "x\nx\n" });
    await behind("second fails");
    const script = "echo x >> $FOLDER/tries; [ $(wc -l < $FOLDER/tries) -lt 2 ]";
    const failed = await run(REPOSITORY, ["second fails", ...HOURLY, "--max-intervals", "3", ...sh(script)]);
    expect([failed.code, read("tries")]).toEqual([1, "x\nx\n"]);
  });
});

describe("the program", () => {
  test("gets its arguments as they are, without a shell", async () => {
    const args = ["$HOME", "two words", "*", "", "--interval"];
    const { output } = await run(REPOSITORY, ["arguments", ...HOURLY, "--", "printf", "<%s>", ...args]);
    expect(output).toBe("<$HOME><two words><*><><--interval>");
  });

  test.each([
    ["no-such-program-anywhere", 127, "(ENOENT): check its path and PATH"],
    ["not-executable", 126, "(EACCES): make it executable"],
  ])("that cannot be started interrupts: %s", async (program, code, words) => {
    const file = path.join(folder, "not-executable");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    const named = code === 126 ? file : program;
    expect(await run(REPOSITORY, [program, ...HOURLY, "--", named])).toMatchObject({
      code,
      errors: expect.stringContaining(`The program ${JSON.stringify(named)} cannot be started ${words}\nInterrupted`),
    });
    expect(await places.state(REPOSITORY, program)).toMatchObject({
      active: null,
      history: [{ outcome: "interrupted" }],
    });
  });

  test("gets one signal of a terminal's Ctrl-C, which reaches the whole process group of exec", async () => {
    const script = "trap 'echo SIGINT; exit 9' INT; echo ready >&2; while :; do sleep 0.05; done";
    const execution = execIn(REPOSITORY, ["terminal", ...HOURLY, ...sh(script)]);
    await execution.reported("ready");
    process.kill(-Number(execution.process.pid), "SIGINT");
    expect(await execution.result()).toMatchObject({ code: 130, output: "SIGINT\n" });
  });

  test("gives the command none of its own credentials", async () => {
    const env = { CRONYX_URL: places.urlOf("git+file"), CRONYX_TOKEN: "token", FOLDER: folder };
    const script = 'echo "[$CRONYX_TOKEN$CRONYX_USERNAME$CRONYX_PASSWORD] $CRONYX_JOB_NAME"';
    const command = new CommandProcess(["exec", "no credentials", ...HOURLY, ...sh(script)], { env });
    expect(await command.result()).toMatchObject({ code: 0, output: "[] no credentials\n" });
  });

  test("has a job whose name begins with a hyphen after two hyphens, and a command that has them too", async () => {
    const hyphen = await run(REPOSITORY, [...HOURLY, "--", "-hyphen", "--", "echo", "--", "x"]);
    expect(hyphen).toMatchObject({ code: 0, output: "-- x\n" });
    expect((await places.state(REPOSITORY, "-hyphen"))?.history[0]).toMatchObject({ outcome: "finished" });
    expect(await run(REPOSITORY, ["plain", ...HOURLY, "--", "echo", "--", "x"])).toMatchObject({ output: "-- x\n" });
  });

  test("may run without a lock, for a chosen interval", async () => {
    const chosen = ["--no-lock", "--job-interval-started-at", "2026-11-01T00:00:00Z"];
    const script = "echo \"$CRONYX_INTERVAL_STARTED_AT '$CRONYX_JOB_ID'\"";
    const free = await run(REPOSITORY, ["free", ...HOURLY, ...chosen, ...sh(script)]);
    expect(free).toMatchObject({ code: 0, output: "2026-11-01T00:00:00.000Z ''\n" });
    expect(free.errors).not.toContain("Finished");
    expect(await places.state(REPOSITORY, "free")).toBeNull();
  });
});

test.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGQUIT", 131],
] as const)("%s stops the command too", async (signal, code) => {
  const script = "echo ready >&2; exec sleep 1000";
  const execution = execIn(REPOSITORY, [signal, ...HOURLY, ...sh(script)]);
  await execution.reported("ready");
  execution.process.kill(signal);
  expect(await execution.result()).toMatchObject({ code, errors: expect.stringContaining(`because of ${signal}`) });
  expect(await places.state(REPOSITORY, signal)).toMatchObject({ active: null, history: [{ outcome: "interrupted" }] });
});

test("a full disk, or a terminal that is gone, loses lines, and no lock stays behind", async () => {
  await places.write(REPOSITORY, finishedUntil("unwritable", Date.now() - 3.5 * HOUR));
  const execution = new CommandProcess(["exec", "unwritable", ...HOURLY, "--max-intervals", "2", ...sh("echo ran")], {
    env: { CRONYX_URL: places.urlOf(REPOSITORY) },
    unwritable: "errors",
  });
  expect(await execution.result()).toMatchObject({ code: 0, output: "ran\nran\n" });
  expect(await places.state(REPOSITORY, "unwritable")).toMatchObject({
    active: null,
    history: [{ outcome: "finished" }, { outcome: "finished" }],
  });
});

test("--wait runs the command once the job is free", async () => {
  await places.write(REPOSITORY, heldSince("queue", Date.now()));
  const waiting = execIn(REPOSITORY, ["queue", ...HOURLY, "--wait", "5 minutes", ...sh("echo ran")]);
  await waiting.reported("Waiting (active)");
  const held = await places.state(REPOSITORY, "queue");
  await places.write(REPOSITORY, { ...(held ?? heldSince("queue", 0)), active: null });
  expect(await waiting.result()).toMatchObject({ code: 0, output: "ran\n" });
});

test("the lock of a long command is renewed", async () => {
  const script = "echo ready >&2; until [ -e $FOLDER/go ]; do sleep 0.05; done";
  // The lock is renewed after a third of the interval, and a slow machine has the rest.
  const execution = execIn(REPOSITORY, ["long", ...HOURLY, "--retry-interval", "9 seconds", ...sh(script)]);
  await execution.reported("ready");
  const first = (await places.state(REPOSITORY, "long"))?.active;
  await places.http.pushed();
  expect((await places.state(REPOSITORY, "long"))?.active?.updatedAt).not.toBe(first?.updatedAt);
  writeFileSync(path.join(folder, "go"), "");
  expect((await execution.result()).code).toBe(0);
  expect(await places.state(REPOSITORY, "long")).toMatchObject({ active: null, history: [{ outcome: "finished" }] });
});

describe("an end that is not recorded", () => {
  /** A repository that accepts no push once the command runs. */
  async function withFailingEnd(script: string, work: (execution: CommandProcess) => Promise<void>) {
    let isAway = false;
    const other = await LocksRepository.serve({
      fault: ({ command }) => (isAway && command === "push" ? { status: 503 } : undefined),
    });
    const execution = at(other.httpUrl, ["unrecorded", ...HOURLY, "--deadline", "2 seconds", ...sh(script)]);
    try {
      await execution.reported("ready");
      isAway = true;
      writeFileSync(path.join(folder, "away"), "");
      await work(execution);
      expect((await other.state("unrecorded"))?.active).not.toBeNull();
    } finally {
      execution.process.kill("SIGKILL");
      rmSync(path.join(folder, "away"), { force: true });
      await other.close();
    }
  }
  const unknown = (end: string) =>
    new RegExp(
      `The interval of unrecorded is not known to be ${end}: run status to see the lock, and release to free it`,
    );

  test("fails a command that succeeded", async () => {
    await withFailingEnd("echo ready >&2; until [ -e $FOLDER/away ]; do sleep 0.05; done", async (execution) => {
      expect(await execution.result()).toMatchObject({ code: 1, errors: expect.stringMatching(unknown("finished")) });
    });
  });

  test("leaves the exit code of a command that failed", async () => {
    await withFailingEnd(
      "echo ready >&2; until [ -e $FOLDER/away ]; do sleep 0.05; done; exit 4",
      async (execution) => {
        expect(await execution.result()).toMatchObject({
          code: 4,
          errors: expect.stringMatching(unknown("interrupted")),
        });
      },
    );
  });
});

test("an original CronyxServer renews no locks, and the interval is finished all the same", async () => {
  const original = await new OriginalServer().listen();
  const script = "echo ready >&2; until [ -e $FOLDER/noticed ]; do sleep 0.05; done";
  const execution = at(original.url, ["original", ...HOURLY, "--retry-interval", "2 seconds", ...sh(script)]);
  await execution.reported("An original CronyxServer renews no locks: set --retry-interval");
  writeFileSync(path.join(folder, "noticed"), "");
  expect(await execution.result()).toMatchObject({ code: 0, errors: expect.stringContaining("Finished: original") });
  await original.close();
});
