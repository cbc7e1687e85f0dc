import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { LocksRepository } from "../../testing/action/locks-repository.ts";
import { runOf, type Step, type StepResult } from "../../testing/action/runner.mjs";
import type { GitExchange, GitFault } from "../../testing/git/git-server.mjs";
import { finishedUntil, heldSince } from "../../testing/states/states-of-other-runs.ts";

const TOKEN = "ghs_SecretSecretSecretSecretSecretSecret1";
const IN_BASE64 = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");

let repository: LocksRepository;
let fault: (exchange: GitExchange) => GitFault | undefined;
beforeAll(async () => {
  repository = await LocksRepository.serve({ token: TOKEN, fault: (exchange) => fault(exchange) });
});
beforeEach(() => {
  fault = () => undefined;
});
afterAll(() => repository.close());

describe("only the repository gets the token", () => {
  const masked = [`::add-mask::${TOKEN}`, `::add-mask::${IN_BASE64}`];

  /** Everything that the step leaves behind, but for the lines that hide the token from the log. */
  function expectNoToken(step: Step, ...results: StepResult[]): void {
    const files = readdirSync(step.folder, { recursive: true, encoding: "utf8" })
      .map((name) => path.join(step.folder, name))
      .filter((name) => statSync(name).isFile());
    expect(files.length).toBeGreaterThanOrEqual(5);
    const left = [...files.map((name) => readFileSync(name, "latin1")), ...results.map((result) => said(result))];
    for (const text of left) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(IN_BASE64);
    }
  }
  /** Notes the command lines that it comes from (git receive-pack, a shell, git push) and its environment. */
  const WITNESS = `{
  process=$PPID
  for _ in 1 2 3; do
    ps -ww -o args= -p "$process"
    process=$(ps -o ppid= -p "$process" | tr -d " ")
  done
  env
} > seen`;

  const said = ({ log, ...rest }: StepResult) =>
    JSON.stringify({ log: log.filter((line) => !masked.includes(line)), ...rest });

  test("by a run that goes well", async () => {
    const step = repository.step({ "job-name": "quiet", token: TOKEN });
    const main = await step.main();
    expect(main.log.slice(0, 2)).toEqual(masked);
    const post = await step.post("success");
    expect(post.log.slice(0, 2)).toEqual(masked);
    expect(main.outputs.started).toBe("true");
    expectNoToken(step, main, post);
    expect(JSON.stringify(await repository.state("quiet"))).not.toContain(TOKEN);
    expect(repository.exchanges.map(({ authorization }) => authorization)).toContain(`Basic ${IN_BASE64}`);
  });

  test.each([
    ["401", { status: 401 }],
    ["403", { status: 403 }],
    ["404", { status: 404 }],
    ["500 and then an end", { status: 500, headers: { "retry-after": "3600" } }],
    ["a redirect to elsewhere", { status: 307, headers: { location: "http://127.0.0.1:1/away" } }],
    ["a redirect to no address", { status: 302, headers: { location: "file:///etc/passwd" } }],
    ["an answer cut short", { cut: "within" }],
  ] as [string, GitFault][])("by a run that gets %s, with every debug line shown", async (_, answer) => {
    let answers = 0;
    // The third answer ends the step at once.
    fault = () => (++answers < 3 ? answer : { status: 503, headers: { "retry-after": "3600" } });
    const step = repository.step({ "job-name": "loud", token: TOKEN }, { ...runOf("report"), RUNNER_DEBUG: "1" });
    const main = await step.main();
    expect(main.code).toBe(1);
    expectNoToken(step, main, await step.post("failure"));
  });

  test("by git as a process of its own: neither on its command line nor in its environment", async () => {
    const step = repository.step({ url: repository.fileUrl, "job-name": "by git", token: TOKEN });
    await repository.hook("post-receive", WITNESS);
    const main = await step.main();
    expect(main.outputs.started).toBe("true");
    const seen = await repository.seenByHook();
    expect(seen).toContain("PATH=");
    if (process.platform !== "win32") expect(seen).toContain("push --porcelain");
    expect(seen.includes(TOKEN)).toBe(false);
    expectNoToken(step, main);
  });
});

describe("what others wrote gives the runner no commands", () => {
  const NASTY = [
    "::error::forged",
    "\n::set-output name=started::true",
    "\r\n::save-state name=lockId::forged\r::stop-commands::forever",
    "\u2028::error::forged\u2029::error::forged\u0085::error::forged\v::error::forged\f::error::forged",
    "%0A::error::forged",
    "\u001b[31m\u001b]0;forged\u0007\u009b31m",
    "##[error]forged ##[set-output name=started]true ##[save-state name=lockId]forged ###[add-mask]e",
    "\u202eforged\u200b\ufeff",
  ].join("");

  /** As the runner reads a line. @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs */
  function commandIn(line: string): string | undefined {
    const [, named] = /^\s*::([^:]*?)(?: .*?)?::/.exec(line) ?? [];
    const [, bracketed] = /##\[([^\] ]*)[^\]]*\]/.exec(line) ?? [];
    return named ?? bracketed;
  }

  /** @param commands Those that follow the two that hide the token. */
  function expectTame({ log: all }: StepResult, lines: number, commands: string[]): void {
    expect(all.slice(0, 2).map(commandIn)).toEqual(["add-mask", "add-mask"]);
    const log = all.slice(2);
    expect(log.map(commandIn).filter((command) => command !== undefined)).toEqual(commands);
    expect(log).toHaveLength(lines);
    for (const line of log) {
      expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
      expect(line.length).toBeLessThan(5000);
    }
  }

  const step = (inputs: Record<string, string>) => repository.step({ token: TOKEN, ...inputs });

  test.each(["repository", "runId", "attempt", "job", "runUrl"])("a holder's %s", async (field) => {
    const jobName = `held by ${field}`;
    const text = NASTY + "A".repeat(10_000);
    await repository.write(jobName, heldSince(jobName, Date.now() - HOUR, { holder: { [field]: text } }));
    const refused = await step({ "job-name": jobName }).main();
    expect(refused.outputs).toMatchObject({ started: "false", reason: "active" });
    expectTame(refused, 1, []);
    expect(refused.log.at(-1)).toContain("::error::forged");
  });

  test("the one who took the lock over", async () => {
    const old = step({ "job-name": "taken" });
    const { state } = await old.main();
    const { active } = (await repository.state("taken")) ?? {};
    expect(state.lockId).toBe(active?.id);
    const holder = { job: NASTY, runUrl: NASTY + "A".repeat(10_000) };
    const run = { ...active, outcome: "taken-over", endedAt: active?.createdAt, runUrl: NASTY };
    await repository.write("taken", { ...heldSince("taken", Date.now(), { holder }), history: [run] });
    const post = await old.post("success");
    expect(post.code).toBe(1);
    expectTame(post, 1, ["error"]);
  });

  test("a job's name, whatever becomes of it", async () => {
    const name = NASTY.replaceAll("\r\n", "\n").slice(0, 240).trim();
    const starting = step({ "job-name": name });
    const started = await starting.main();
    expect(started.outputs).toMatchObject({ started: "true", "job-name": name });
    expectTame(started, 2, ["warning"]);
    const active = await step({ "job-name": name }).main();
    expect(active.outputs.reason).toBe("active");
    expectTame(active, 2, ["warning"]);
    expectTame(await starting.post("success"), 1, []);
    const notDue = await step({ "job-name": name }).main();
    expect(notDue.outputs.reason).toBe("not-due");
    expectTame(notDue, 2, ["warning"]);
    const required = await step({
      "job-name": "needs it",
      "required-job-names": NASTY.replaceAll("\n", "").slice(0, 250),
    }).main();
    expect(required.outputs.reason).toBe("required-job");
    expectTame(required, 2, ["warning", "notice"]);
    expect((await repository.state(name))?.name).toBe(name);
  });

  test.each([
    ["job-interval", NASTY],
    ["start-buffer", NASTY],
    ["timezone", NASTY],
    ["no-lock", NASTY],
    ["job-interval-started-at", NASTY],
    ["starts-at", NASTY],
    ["catch-up", NASTY],
    ["url", `git+ftp://${NASTY}`],
    ["url", NASTY],
  ])("a wrong %s", async (input, value) => {
    const main = await step({ "job-name": "wrong", [input]: value }).main();
    expect(main.code).toBe(1);
    expect(main.log.map(commandIn).filter((command) => command !== "add-mask" && command !== "debug")).toEqual([
      "error",
    ]);
  });

  test("a server's words, and where it redirects to", async () => {
    fault = () => ({ status: 302, headers: { location: "##[error]forged" } });
    const redirected = await step({ "job-name": "redirected" }).main();
    expect(redirected.code).toBe(1);
    expectTame(redirected, 1, ["error"]);
    fault = () => undefined;
    await repository.hook("update", `printf '%b' '::error::forged\\n##[error]forged\\r::error::forged\\n' >&2; exit 1`);
    await repository.write("hooked", finishedUntil("hooked", Date.now() - 2 * HOUR));
    const refused = await step({ "job-name": "hooked" }).main();
    expect(refused.code).toBe(1);
    expect(refused.log.map(commandIn).filter(Boolean)).toEqual(["add-mask", "add-mask", "error"]);
  });

  test("a lock's id and a state document's fields of other kinds are no way in", async () => {
    await repository.write("odd", { ...heldSince("odd", Date.now()), finishedUntil: NASTY });
    const main = await step({ "job-name": "odd" }).main();
    expect(main.code).toBe(1);
    expect(main.log.map(commandIn).filter((command) => command !== "debug")).toEqual(["add-mask", "add-mask", "error"]);
  });
});
