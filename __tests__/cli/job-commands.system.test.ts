import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type CommandSurroundings, release, status } from "../../src/cli/job-commands.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { newJobState } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runServer } from "../../testing/servers/running-server.ts";
import { finishedUntil, heldSince, OTHER_RUN } from "../../testing/states/states-of-other-runs.ts";

const SINCE = Date.parse("2026-11-24T04:00:00.000Z");
const TOKEN = "ghs_0123456789abcdefTOKEN";

let repository: LocksRepository;
let server: Awaited<ReturnType<typeof runServer>>;
beforeAll(async () => {
  repository = await LocksRepository.serve({ token: TOKEN });
  server = await runServer();
});
afterAll(() => Promise.all([repository.close(), server.close()]));

async function run(command: typeof status, args: readonly string[], env: CommandSurroundings["env"] = {}) {
  const said = { output: "", errors: "" };
  const code = await command({
    args,
    env: { PATH: process.env.PATH, CRONYX_URL: repository.httpUrl, CRONYX_TOKEN: TOKEN, ...env },
    now: Date.now,
    deadline: () => deadlineIn(2_000),
    output: { write: (text) => (said.output += text) },
    errors: { write: (text) => (said.errors += text) },
  });
  return { code, ...said };
}

describe.each(["httpUrl", "fileUrl"] as const)("of a repository, by its %s", (way) => {
  test("status tells who holds what since when, of one job and of all", async () => {
    await repository.write("report", heldSince("report", SINCE));
    await repository.write("orders\n", finishedUntil("orders\n", SINCE));
    const all = await run(status, ["--url", repository[way]]);
    expect(all.code).toBe(0);
    const lines = all.output.trimEnd().split("\n");
    expect(lines[0]).toBe("orders\\u{a}: free, finished until 2026-11-24T04:00:00.000Z");
    for (const part of [
      "report: held by octo-org/reports, run 4711",
      OTHER_RUN.runUrl,
      "since 2026-11-24T04:00:00.000Z",
    ]) {
      expect(lines[1]).toContain(part);
    }
    expect((await run(status, ["report", "--url", repository[way]])).output).toBe(`${lines[1]}\n`);
    const json = JSON.parse((await run(status, ["report", "--json", "--url", repository[way]])).output);
    expect(json).toMatchObject({ name: "report", lock: { holder: OTHER_RUN } });
    expect(json.lock).not.toHaveProperty("idempotencyKey");
  });

  test("release of a job that never finished promises no interval", async () => {
    const state = heldSince("report", SINCE);
    await repository.write("report", { ...state, finishedUntil: null });
    expect((await run(release, ["report", "--url", repository[way]])).output).toMatch(
      /^Released report, .*: no interval has finished yet, so the next start gets a first interval up to then\n$/,
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

test("of a server", async () => {
  const { id } = (await server.start("/nightly%2Freport", { jobInterval: 3_600_000 })).json;
  const all = await run(status, ["--json"], { CRONYX_URL: server.url, CRONYX_TOKEN: "" });
  expect(JSON.parse(all.output)).toMatchObject([{ name: "nightly/report", lock: { id } }]);
  const released = await run(release, ["nightly/report", "--json"], { CRONYX_URL: server.url, CRONYX_TOKEN: "" });
  expect(JSON.parse(released.output)).toMatchObject({ name: "nightly/report", released: { id } });
  expect((await server.send("GET", "/nightly%2Freport")).json.lock).toBeNull();
});

test.each([
  [status, ["never"], {}, 3, "never has never been started"],
  [release, ["never"], {}, 3, "never has never been started"],
  [release, [], {}, 2, "JOB is missing: pass the name of a job"],
  [release, ["nightly", "report"], {}, 2, 'argument "report" is one too many: pass one job name'],
  [status, [], { CRONYX_URL: "" }, 2, "--url or CRONYX_URL is missing: pass the address"],
  [status, [], { CRONYX_URL: "octo-org/locks" }, 2, "octo-org/locks"],
  [status, ["--jsn"], {}, 2, "--jsn"],
  [status, [], { CRONYX_PASSWORD: "ghs_2" }, 2, "CRONYX_USERNAME is missing"],
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

test("a job whose state is damaged is told of, and so are all others", async () => {
  const kept = await runServer();
  const env = { CRONYX_URL: kept.url, CRONYX_TOKEN: "" };
  await kept.store.swap(null, { ...newJobState("broken\n"), v: 2 } as never, deadlineIn(1_000));
  await kept.store.swap(null, newJobState("report"), deadlineIn(1_000));
  expect(await run(status, [], env)).toEqual({
    code: 1,
    output: "report: free, nothing finished yet\n",
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
  expect(all.output).toContain("report: held by octo-org/reports");
});

test("where nothing was ever started", async () => {
  const empty = await runServer();
  const env = { CRONYX_URL: empty.url, CRONYX_TOKEN: "" };
  expect(await run(status, [], env)).toEqual({ code: 0, output: "", errors: "No job has been started there\n" });
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
