// What .github/workflows/e2e.yml and the examples use under act: `node testing/e2e/services.ts FOLDER`. It prints the services'
// addresses as one line of JSON, and serves until its input ends.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { serveGit } from "../git/git-server.mjs";
import { Issuer, newKey } from "../servers/token-issuer.ts";

const root = path.resolve(import.meta.dirname, "../..");
const [folder = ""] = process.argv.slice(2);
/** The login of the server with basic authentication. */
const LOGIN = { username: "e2e", password: "e2e-password" };
const AUDIENCE = "cronyx";

// One for each transport: under act all runs have the same id, and so the same names of jobs.
for (const name of ["file.git", "http.git"]) {
  const repository = path.join(folder, name);
  mkdirSync(repository, { recursive: true });
  await ended(spawn("git", ["init", "--quiet", "--bare", repository], { stdio: "inherit" }));
}
const git = await serveGit({ root: folder });

const issuer = new Issuer();
await issuer.listen();
const key = await newKey("e2e");
issuer.keys = [key];

/** The paths of the dispatches that were requested, oldest first. */
const dispatches: string[] = [];
/** The runner's endpoint for OIDC tokens, and the parts of GitHub's API that the action uses. */
const github = await listening(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/token") {
    const token = await issuer.token(key, Date.now(), claims(searchParams.get("repository")));
    return answer(response, 200, { value: token });
  }
  const run = /^\/repos\/[^/]+\/[^/]+\/actions\/(?:jobs\/(\d+)|runs\/(\d+)(?:\/attempts\/\d+)?)$/.exec(pathname);
  if (request.method === "GET" && run !== null) {
    // All runs of e2e.yml are in progress, and the runs that it invents have completed.
    const id = Number(run[1] ?? run[2]);
    return answer(response, 200, { id, name: "invented", status: id === 4711 ? "completed" : "in_progress" });
  }
  if (request.method === "POST" && pathname.endsWith("/dispatches")) {
    dispatches.push(pathname);
    return answer(response, 204);
  }
  if (pathname === "/dispatches") return answer(response, 200, dispatches);
  answer(response, 404, { message: "Not Found" });
});

const basic = await cronyxServer("basic", {
  BASIC_AUTH_USERNAME: LOGIN.username,
  BASIC_AUTH_PASSWORD: LOGIN.password,
});
const oidc = await cronyxServer("oidc", {
  OIDC_AUDIENCE: AUDIENCE,
  OIDC_ISSUER: issuer.url,
  OIDC_RULES: JSON.stringify([
    { jobs: "ci/**", claims: { repository: claims().repository } },
    { jobs: "reports/**", claims: { repository: "server-oidc/reports" } },
  ]),
});

console.log(
  JSON.stringify({
    file: `git+${pathToFileURL(path.join(folder, "file.git"))}`,
    git: git.url("").replace(/\/$/, ""),
    http: `git+${git.url("http.git")}`,
    basic: basic.url,
    oidc: oidc.url,
    github: github.url,
    audience: AUDIENCE,
    ...LOGIN,
  }),
);
process.stdin.resume().once("end", () => process.exit());

/** @param repository Default: the one in which e2e.yml runs. */
function claims(repository: string | null = null) {
  const { GITHUB_REPOSITORY = "octo-org/reports" } = process.env;
  return { aud: AUDIENCE, repository: repository ?? GITHUB_REPOSITORY };
}

async function cronyxServer(name: string, settings: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(root, "src/cli/main.ts"), "serve"], {
    env: { ...process.env, SERVER_PORT: "0", JOB_STORE_URL: `sqlite:${path.join(folder, `${name}.db`)}`, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill());
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      const [, address] = /listening on (http:\/\/[^"]*)/.exec(String(chunk)) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once("exit", () => reject(new Error(`The server ${name} did not start`)));
  });
  return { url };
}

async function listening(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void) {
  const server = http.createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function answer(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function ended(child: ReturnType<typeof spawn>): Promise<unknown> {
  return new Promise((resolve) => child.once("exit", resolve));
}
