// Plays a release in FOLDER, with the scripts of build/release/, a bare repository as GitHub's, and Verdaccio on loopback as
// npm's registry: `node_modules/node/bin/node testing/release/trial.mjs FOLDER`, since Verdaccio needs Node 22 or newer. Then it
// installs the package from there, and uses it. It exits with 1 if any step ends in another way than it should.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "../network/free-port.ts";

const VERDACCIO = "6.10.4";
/** A dependency of Verdaccio asks for a version by a name that not every registry has. */
const NODE_FETCH = "2.7.0";
const REPOSITORY = "octo-org/cronyx-action";
const START = `
  import { CronyxClient } from "cronyx-action";
  const client = new CronyxClient({ url: process.argv[1] });
  const options = { jobName: "daily", jobInterval: "1 day" };
  const job = await client.requestJobStart(options);
  await job.finish();
  console.log(String(await client.requestJobStart(options)));
  await client.close();
`;

const root = path.resolve(import.meta.dirname, "../..");
const folder = path.resolve(process.argv[2] ?? "");
const origin = path.join(folder, "origin.git");
const clone = path.join(folder, "clone");
const user = path.join(folder, "user");
const scripts = path.join(root, "build", "release");
mkdirSync(folder, { recursive: true });
const npmrc = path.join(folder, "npmrc");
/** @type {NodeJS.ProcessEnv} */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GIT_|GITHUB_|npm_)/i.test(name))),
  ...{ GIT_CONFIG_GLOBAL: "/dev/null", GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.com" },
  ...{ GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.com", GITHUB_REPOSITORY: REPOSITORY },
  ...{ NPM_CONFIG_USERCONFIG: npmrc, NPM_CONFIG_AUDIT: "false", NPM_CONFIG_FUND: "false" },
};

const registry = await startRegistry();
try {
  makeClone();
  const upstream = npm(root, "config", "get", "registry").trim();
  env.NPM_CONFIG_REGISTRY = registry.url;
  playRelease();
  installPackage(upstream, registry.url);
} finally {
  registry.stop();
}
console.log("The release was played");

/** Makes the repository, and a clone of it with the files of the working tree that git does not ignore. */
function makeClone() {
  execFileSync("git", ["init", "--quiet", "--bare", origin], { env });
  execFileSync("git", ["clone", "--quiet", origin, clone], { env, stdio: "ignore" });
  git("checkout", "--quiet", "-b", "main");
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of files.toString().split("\0").filter(Boolean))
    cpSync(path.join(root, file), path.join(clone, file));
  symlinkSync(path.join(root, "node_modules"), path.join(clone, "node_modules"));
}

function playRelease() {
  const first = tagVersion("98.0.0");
  succeeds(script("check", "v98.0.0"), `version: 98.0.0\nprerelease: false\nmajor-tag-was: \n`);
  succeeds(script("pack", "v98.0.0", path.join(folder, "98")));
  succeeds(script("publish", "v98.0.0", path.join(folder, "98")));
  succeeds(script("publish", "v98.0.0", path.join(folder, "98")), "cronyx-action@98.0.0 is published already\n");
  succeeds(script("move-major-tag", "v98.0.0"), "v98 is v98.0.0 now\n");
  assert.equal(git("ls-remote", "origin", "refs/tags/v98"), `${first}\trefs/tags/v98`);
  assert.match(readFileSync(path.join(folder, "98", "notes.md"), "utf8"), /^- played\n$/);
  const sbom = JSON.parse(readFileSync(path.join(folder, "98", "cronyx-action-98.0.0.spdx.json"), "utf8"));
  assert.ok(sbom.packages.some((/** @type {{ name: string }} */ { name }) => name === "fastify"));
  assert.ok(!sbom.packages.some((/** @type {{ name: string }} */ { name }) => name === "jest"));

  // The same version with other content, as from a tag that was moved.
  cpSync(path.join(folder, "98"), path.join(folder, "other"), { recursive: true });
  appendFileSync(path.join(folder, "other", "cronyx-action-98.0.0.tgz"), "more");
  fails(script("publish", "v98.0.0", path.join(folder, "other")), "The registry has another cronyx-action@98.0.0");

  tagVersion("98.1.0-rc.1");
  succeeds(script("check", "v98.1.0-rc.1"), `version: 98.1.0-rc.1\nprerelease: true\nmajor-tag-was: ${first}\n`);
  succeeds(script("pack", "v98.1.0-rc.1", path.join(folder, "98-rc")));
  succeeds(script("publish", "v98.1.0-rc.1", path.join(folder, "98-rc")));
  fails(script("move-major-tag", "v98.1.0-rc.1"), "v98.1.0-rc.1 is a prerelease");
  const tags = JSON.parse(npm(clone, "view", "cronyx-action", "dist-tags", "--json"));
  assert.deepEqual(tags, { latest: "98.0.0", next: "98.1.0-rc.1" });
}

/** @param {string} upstream The registry that the dependencies come from. @param {string} url Verdaccio. */
function installPackage(upstream, url) {
  mkdirSync(user);
  writeFileSync(path.join(user, "package.json"), '{ "type": "module" }\n');
  // The dependencies come from where npm has them in its cache. Through Verdaccio their download takes half a minute.
  const tarball = npm(clone, "view", "cronyx-action", "dist.tarball").trim();
  assert.ok(tarball.startsWith(url), tarball);
  npm(user, "install", "--silent", "--prefer-offline", "--registry", upstream, tarball);
  const installed = JSON.parse(readFileSync(path.join(user, "node_modules/cronyx-action/package.json"), "utf8"));
  assert.equal(installed.version, "98.0.0");
  const locks = `git+file://${origin}`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", START, locks], { cwd: user, env });
  assert.equal(printed.toString(), "null\n");
  const help = execFileSync("npx", ["--no-install", "cronyx-action", "--help"], { cwd: user, env }).toString();
  assert.match(help, /^Usage: cronyx-action COMMAND\n/);
}

/**
 * Commits a version of the sources, as RELEASING.md says, and pushes it with its tag.
 *
 * @param {string} version
 * @returns the commit.
 */
function tagVersion(version) {
  npm(clone, "version", version, "--no-git-tag-version");
  npm(clone, "pkg", "set", `repository.url=git+https://github.com/${REPOSITORY}.git`);
  writeFileSync(
    path.join(clone, "CHANGELOG.md"),
    `# Changelog\n\n## Unreleased\n\n## ${version} - 2026-11-28\n\n- played\n`,
  );
  git("add", "--all", "--", ":!node_modules");
  git("commit", "--quiet", "--message", `Version ${version}`);
  git("tag", `v${version}`);
  git("push", "--quiet", "origin", "main", `v${version}`);
  git("fetch", "--quiet", "origin");
  return git("rev-parse", "HEAD");
}

/** @param {string} name @param {string} tag @param {string[]} args */
function script(name, tag, ...args) {
  console.log(`${Math.round(performance.now() / 1000)} s: ${name} ${tag}`);
  const options = { cwd: clone, env: { ...env, TAG: tag, MAJOR_TAG_WAS: "" }, encoding: /** @type {const} */ ("utf8") };
  return spawnSync(process.execPath, [path.join(scripts, `${name}.mjs`), ...args], options);
}

/** @param {import("node:child_process").SpawnSyncReturns<string>} result @param {string} [printed] */
function succeeds({ status, stdout, stderr }, printed) {
  assert.equal(status, 0, `${stdout}${stderr}`);
  if (printed !== undefined) assert.equal(stdout, printed);
}

/** @param {import("node:child_process").SpawnSyncReturns<string>} result @param {string} problem */
function fails({ status, stdout }, problem) {
  assert.equal(status, 1);
  assert.ok(stdout.startsWith(`::error::${problem}`), stdout);
}

/** @param {string[]} args */
function git(...args) {
  return execFileSync("git", args, { cwd: clone, env, encoding: "utf8" }).trim();
}

/** @param {string} cwd @param {string[]} args */
function npm(cwd, ...args) {
  return execFileSync("npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

/** Installs Verdaccio, starts it, and makes a user whose token is in `npmrc`. */
async function startRegistry() {
  const place = path.join(folder, "registry");
  mkdirSync(place);
  const manifest = { dependencies: { verdaccio: VERDACCIO }, overrides: { "node-fetch": NODE_FETCH } };
  writeFileSync(path.join(place, "package.json"), JSON.stringify(manifest));
  npm(place, "install", "--silent", "--prefer-offline", "--ignore-scripts");
  writeFileSync(
    path.join(place, "config.yaml"),
    JSON.stringify({
      storage: path.join(place, "storage"),
      auth: { htpasswd: { file: path.join(place, "users"), max_users: 1 } },
      packages: { "cronyx-action": { access: "$all", publish: "$authenticated" } },
      log: { type: "stdout", format: "json", level: "warn" },
    }),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const main = path.join(place, "node_modules/verdaccio/bin/verdaccio");
  const args = [main, "--config", path.join(place, "config.yaml"), "--listen", `127.0.0.1:${port}`];
  const server = spawn(process.execPath, args, { cwd: place, env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk) => (log += chunk));
  while (!(await fetch(`${url}-/ping`).catch(() => null))?.ok) {
    assert.equal(server.exitCode, null, `Verdaccio ended: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const answer = await fetch(`${url}-/user/org.couchdb.user:ci`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "ci", password: "a password of this trial" }),
  });
  assert.equal(answer.status, 201, log);
  const { token } = /** @type {{ token: string }} */ (await answer.json());
  writeFileSync(npmrc, `//127.0.0.1:${port}/:_authToken=${token}\n`);
  return { url, stop: () => server.kill() };
}
