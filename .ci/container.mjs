// Does by hand, in a folder in place of each stage, what the Dockerfile says, where there is no engine to do it; then runs
// what came of it as its user, on SQLite and, with the environment of compose.yaml, on PostgreSQL.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startPostgres } from "../testing/databases/postgres-server.ts";
import { freePort } from "../testing/network/free-port.ts";

const repository = path.dirname(import.meta.dirname);
const scratch = mkdtempSync(path.join(tmpdir(), "cronyx-container-"));
const isRoot = process.getuid?.() === 0;
const LOGIN = { BASIC_AUTH_USERNAME: "ci", BASIC_AUTH_PASSWORD: "hunter:2 @/%" };

/** What there is in an image to begin with: Node, npm and a shell. */
const base = { PATH: `${path.join(scratch, "bin")}:${process.env.PATH}` };
/** How npm reaches its registry is this machine's affair, as it is an engine's. */
const npm = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(HOME|NODE_EXTRA_CA_CERTS|npm_config_.*)$/.test(name)),
);

/** @typedef {{ root: string, cwd: string, env: Record<string, string>, user: number[], entry: string[], command: string[], health: string[] }} Stage */

/** @returns {Stage} what the last stage holds. */
function build() {
  const admitted = readFileSync(path.join(repository, ".dockerignore"), "utf8").match(/(?<=^!).*/gm) ?? [];
  /** @type {Map<string, Stage>} */
  const stages = new Map();
  /** @type {Stage} */
  let stage;
  for (const [, word = "", rest = ""] of instructions("Dockerfile")) {
    console.log(`${word} ${rest}`.slice(0, 120));
    const words = rest.split(/\s+/);
    if (word === "FROM") {
      const [image = "", , name = "last"] = words;
      assert.match(image, new RegExp(`^node:${process.versions.node.split(".")[0]}-`), "the Node that runs this");
      stage = { root: path.join(scratch, name), cwd: "/", env: {}, user: [0, 0], entry: [], command: [], health: [] };
      mkdirSync(stage.root);
      stages.set(name, stage);
    } else if (word === "WORKDIR") {
      stage.cwd = rest;
      mkdirSync(path.join(stage.root, rest), { recursive: true });
    } else if (word === "ENV") Object.assign(stage.env, Object.fromEntries(words.map((pair) => pair.split("="))));
    else if (word === "USER") stage.user = rest.split(":").map(Number);
    else if (word === "ENTRYPOINT") stage.entry = JSON.parse(rest);
    else if (word === "CMD") stage.command = JSON.parse(rest);
    else if (word === "HEALTHCHECK") stage.health = JSON.parse(rest.slice(rest.indexOf("CMD") + 3));
    else if (word === "COPY") copy(stage, stages, words, admitted);
    else if (word === "RUN") {
      const { root, cwd, env } = stage;
      execFileSync("/bin/sh", ["-euc", rest], {
        cwd: path.join(root, cwd),
        env: { ...base, ...npm, ...env },
        stdio: "inherit",
      });
    } else assert.match(word, /^(VOLUME|EXPOSE)$/);
  }
  return stage;
}

/** @param {string} file */
function instructions(file) {
  const text = readFileSync(path.join(repository, file), "utf8");
  return text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, "")
    .matchAll(/^(\w+)\s+(.*)$/gm);
}

/** @param {Stage} stage @param {Map<string, Stage>} stages @param {string[]} words @param {string[]} admitted */
function copy({ root, cwd }, stages, words, admitted) {
  const flag = (name) => words.find((word) => word.startsWith(`--${name}=`))?.split("=")[1];
  const [from, owner] = [flag("from"), flag("chown")];
  const paths = words.filter((word) => !word.startsWith("--"));
  const to = path.resolve("/", cwd, paths.at(-1));
  for (const source of paths.slice(0, -1)) {
    if (from === undefined) assert(admitted.includes(source) || admitted.includes(path.dirname(source)), source);
    const there = path.join(from === undefined ? repository : stages.get(from).root, source);
    const intoFolder = paths.at(-1).endsWith("/") && !statSync(there).isDirectory();
    const target = path.join(root, to, intoFolder ? path.basename(source) : "");
    cpSync(there, target, { recursive: true, verbatimSymlinks: true });
    if (owner !== undefined && isRoot) lchownSync(target, ...owner.split(":").map(Number));
  }
}

/** Runs a command in a container of it: its paths are those of the stage's folder. @param {Stage} stage */
function start({ root, cwd, env, user: [uid, gid] }, [command, ...args], more) {
  const inside = args.map((arg) => (arg.startsWith("/") ? path.join(root, arg) : arg));
  const child = spawn(command, inside, {
    cwd: path.join(root, cwd),
    env: { ...base, ...env, ...more },
    stdio: ["ignore", "pipe", "pipe"],
    ...(isRoot && { uid, gid }),
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text;
    });
  }
  return { child, ended: once(child, "close").then(([code]) => ({ code, said })) };
}

/** Serves, is healthy, starts and finishes a job, and ends when it is told to. @param {Stage} stage */
async function serve(stage, environment) {
  const port = await freePort();
  const env = { SERVER_PORT: String(port), ...environment };
  const healthy = async () => (await start(stage, stage.health, env).ended).code === 0;
  assert.equal(await healthy(), false, "healthy before it runs");
  const { child, ended } = start(stage, [...stage.entry, ...stage.command], env);
  for (let tries = 0; !(await healthy()); tries++) {
    if (child.exitCode !== null || tries === 100) {
      child.kill("SIGKILL");
      assert.fail((await ended).said);
    }
    await pause(100);
  }
  const ask = async (method, where, body, login = LOGIN) => {
    const basic = btoa(`${login.BASIC_AUTH_USERNAME}:${login.BASIC_AUTH_PASSWORD}`);
    const headers = { authorization: `Basic ${basic}`, ...(body && { "content-type": "application/json" }) };
    const url = `http://127.0.0.1:${port}/${where}`;
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };
  assert.equal((await ask("GET", "report", null, { ...LOGIN, BASIC_AUTH_PASSWORD: "" })).status, 401);
  const started = await ask("POST", "report", { jobInterval: 1 });
  assert.equal(started.status, 200);
  assert.equal((await ask("PUT", `report/${JSON.parse(started.text).id}/finish`)).status, 200);
  const { history } = JSON.parse((await ask("GET", "report")).text);
  child.kill("SIGTERM");
  const { code, said } = await ended;
  assert.equal(code, 0, said);
  return history.length;
}

try {
  chmodSync(scratch, 0o755);
  mkdirSync(path.join(scratch, "bin"));
  cpSync(process.execPath, path.join(scratch, "bin", "node"));
  const image = build();

  const refused = await start(image, [...image.entry, ...image.command], {}).ended;
  assert.equal(refused.code, 2);
  assert.match(refused.said, /^SERVER_HOST is "0\.0\.0\.0".*BASIC_AUTH_PASSWORD.*\n$/);

  assert.equal(await serve(image, LOGIN), 1);
  assert.equal(await serve(image, LOGIN), 2, "what a container kept before");
  console.log("On SQLite: as told");

  const postgres = await startPostgres();
  try {
    const { environment } = JSON.parse(readFileSync(process.argv[2], "utf8")).services.server;
    await postgres.query(`ALTER USER cronyx PASSWORD '${environment.PGPASSWORD}'`);
    await postgres.query("CREATE DATABASE cronyx");
    const [{ hba_file: rules }] = await postgres.query("SHOW hba_file");
    writeFileSync(rules, readFileSync(rules, "utf8").replaceAll(/trust$/gm, "scram-sha-256"));
    await postgres.query("SELECT pg_reload_conf()");
    const url = new URL(environment.JOB_STORE_URL);
    url.host = new URL(postgres.url("")).host;
    assert.equal(await serve(image, { ...environment, ...LOGIN, JOB_STORE_URL: url.href }), 1);
    console.log("On PostgreSQL: as told");
  } finally {
    await postgres.stop();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
