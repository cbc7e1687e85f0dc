import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { runOf, Step } from "../../testing/action/runner.mjs";
import { freePort } from "../../testing/network/free-port.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "cronyx-serve-"));
const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const server of running) await end(server, "SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param user The user of the process. Permissions do not apply to root. */
function run(args: readonly string[], env: Record<string, string> = {}, user: { uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, [path.join(ROOT, "src", "cli", "main.ts"), ...args], {
    cwd: folder,
    ...user,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill(signal);
  running.delete(child);
  return (await exit)[0];
}

/** Starts a server on the file `cronyx.db`, and waits until it listens. */
async function serve(env: Record<string, string> = {}) {
  const server = run(["serve"], { SERVER_PORT: "0", ...env });
  const lines: string[] = [];
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      lines.push(line);
      const [url] = /http:\/\/[\d.]+:\d+/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  return { server, lines, url: await listening };
}

const step = (url: string, inputs: Record<string, string> = {}) =>
  new Step({
    dist: path.join(ROOT, "dist"),
    temporary: path.join(folder, "runs"),
    inputs: { url, "job-name": "nightly/report", "job-interval": "1000", ...inputs },
    env: runOf("report"),
  });

test("the action starts, is refused, and finishes; a server that was killed has forgotten nothing", async () => {
  const before = await serve();
  const first = step(before.url);
  const main = await first.main();
  expect(main).toMatchObject({ code: 0, outputs: { started: "true", "job-name": "nightly/report" } });
  const second = await step(before.url).main();
  expect(second.outputs).toMatchObject({ started: "false", reason: "active" });
  expect(second.log.join()).toContain(`run ${first.env.GITHUB_RUN_ID}`);
  await end(before.server, "SIGKILL");

  const after = await serve({ SERVER_PORT: new URL(before.url).port });
  expect(await first.post("success")).toMatchObject({ code: 0, log: [expect.stringContaining("Finished")] });
  const status = await (await fetch(`${after.url}/nightly%2Freport`)).json();
  expect(status).toMatchObject({
    lock: null,
    lastFinished: { intervalEndedAt: main.outputs["job-interval-ended-at"] },
    history: [{ id: main.outputs["job-id"], outcome: "finished" }],
  });
  expect(await end(after.server, "SIGTERM")).toBe(0);
});

test("a start that was given up: post leaves the job free, whether main's request has come or not", async () => {
  const { url } = await serve();
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    for (const wait of [40, 80]) {
      const killed = step(url, { "job-name": `${signal} after ${wait} ms` });
      const main = killed.main();
      await new Promise((resolve) => setTimeout(resolve, wait));
      killed.process?.kill(signal);
      const wasTold = (await main).outputs.started === "true";
      expect((await killed.post("cancelled")).code).toBe(0);
      const answer = await fetch(`${url}/${encodeURIComponent(`${signal} after ${wait} ms`)}`);
      if (answer.status === 200) expect(await answer.json()).toMatchObject({ lock: null, lastFinished: null });
      else expect([answer.status, wasTold]).toEqual([404, false]);
    }
  }
});

/** Windows removes no file that is open, and has no permissions of this kind. */
const onPosix = process.platform === "win32" ? test.skip : test;

onPosix.each(["", "-wal", "-shm"])(
  "a server whose file cronyx.db%s was removed stops, and says why",
  async (suffix) => {
    const file = path.join(mkdtempSync(path.join(folder, "removed-")), "cronyx.db");
    const { server, lines, url } = await serve({ JOB_STORE_URL: `sqlite:${file}` });
    expect((await step(url).main()).outputs.started).toBe("true");
    // After "exit" there may still be lines to read.
    const ended = once(server, "close");
    rmSync(`${file}${suffix}`);
    expect((await ended)[0]).toBe(1);
    running.delete(server);
    const log = lines.map((line) => JSON.parse(line));
    expect(log).toContainEqual(
      expect.objectContaining({ level: 60, error: expect.objectContaining({ code: "database-replaced" }) }),
    );
    expect(log.at(-1)).toMatchObject({ msg: "stopped" });
  },
);

/** Permissions do not apply to root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

onPosix.each([
  ["file", "cronyx.db"],
  ["-wal file", "cronyx.db-wal"],
  ["folder", "."],
])(
  "a database whose %s this user cannot write is refused at the start, with the path and the user",
  async (_, name) => {
    const data = mkdtempSync(path.join(tmpdir(), "cronyx-read-only-"));
    const { uid = process.getuid?.() ?? 0 } = NOBODY;
    for (const file of ["cronyx.db", "cronyx.db-wal"]) {
      writeFileSync(path.join(data, file), "");
      chownSync(path.join(data, file), uid, uid);
    }
    chownSync(data, uid, uid);
    chmodSync(path.join(data, name), name === "." ? 0o555 : 0o444);
    const child = run(["serve", "--server-port", "0", "--job-store-url", `sqlite:${data}/cronyx.db`], {}, NOBODY);
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    expect((await once(child, "close"))[0]).toBe(1);
    running.delete(child);
    chmodSync(data, 0o755);
    rmSync(data, { recursive: true });
    expect(JSON.parse(said)).toMatchObject({
      level: 60,
      error: { code: "database-forbidden", cause: { code: "EACCES" } },
    });
    expect(said).toMatch(
      new RegExp(`cannot be used: the user .*${uid}.* cannot write ${path.join(data, name)} .EACCES.`),
    );
  },
);

test("a login is required, and a wrong one is refused", async () => {
  const { url } = await serve({ BASIC_AUTH_USERNAME: "ci", BASIC_AUTH_PASSWORD: "hunter:2" });
  const right = step(url, { username: "ci", password: "hunter:2", "job-name": "with a login" });
  expect((await right.main()).outputs.started).toBe("true");
  expect((await right.post("failure")).log.join()).toContain("Interrupted");
  const wrong = await step(url, { username: "ci", password: "hunter2" }).main();
  expect(wrong.code).toBe(1);
  expect(wrong.log.join()).toContain("401");
});

test.each([
  [["--help"], 0, "Usage: cronyx-action COMMAND"],
  [[], 2, "Usage: cronyx-action COMMAND"],
  [["sevre"], 2, '"sevre" is not a command: use serve, status, release, skip, exec, start, finish or interrupt'],
  [["--version"], 0, JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")).version],
  [["status", "--help"], 0, "CRONYX_URL"],
  [["release", "-h"], 0, "CRONYX_PASSWORD"],
  [["status"], 2, "--url or CRONYX_URL is missing: pass the address"],
  [["serve", "--server-host", "0.0.0.0"], 2, "--insecure"],
  [
    ["serve", "--server-host", "203.0.113.7", "--insecure"],
    2,
    'SERVER_HOST "203.0.113.7" is not an address of this machine',
  ],
])("cronyx-action %j", async (args, code, says) => {
  const child = run(args);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text;
    });
  }
  expect((await once(child, "close"))[0]).toBe(code);
  running.delete(child);
  expect(said).toContain(says);
});

test("a log that cannot be written, as on a full disk, keeps the server neither from answering nor from stopping", async () => {
  const port = await freePort();
  const onlyRead = openSync(devNull, "r");
  const server = spawn(process.execPath, [path.join(ROOT, "src", "cli", "main.ts"), "serve"], {
    cwd: folder,
    env: { PATH: process.env.PATH, SERVER_PORT: String(port), JOB_STORE_URL: "sqlite:./unlogged.db" },
    stdio: ["ignore", onlyRead, "ignore"],
  });
  closeSync(onlyRead);
  running.add(server);
  const answer = () => fetch(`http://127.0.0.1:${port}/healthcheck`, { signal: AbortSignal.timeout(60_000) });
  let first: Response | null = null;
  while (first === null) first = await answer().catch((error) => (isRefused(error) ? null : Promise.reject(error)));
  expect([first.status, (await answer()).status]).toEqual([200, 200]);
  expect(await end(server, "SIGTERM")).toBe(0);
});

test("a server that cannot run ends, also if its log cannot be written", async () => {
  const onlyRead = openSync(devNull, "r");
  const server = spawn(process.execPath, [path.join(ROOT, "src", "cli", "main.ts"), "serve"], {
    cwd: folder,
    env: { PATH: process.env.PATH, SERVER_PORT: "0", JOB_STORE_URL: "sqlite:./no-such-folder/cronyx.db" },
    stdio: ["ignore", onlyRead, "ignore"],
  });
  closeSync(onlyRead);
  running.add(server);
  await once(server, "exit");
  running.delete(server);
  expect(server.exitCode).toBe(1);
});

/** Whether nothing listens on the port yet. */
function isRefused({ cause }: { readonly cause?: { readonly code?: string } }): boolean {
  return cause?.code === "ECONNREFUSED";
}
