import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type ApiAnswer, type ApiRequest, serveGitHubApi } from "../servers/github-api.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");
const CLI = path.join(ROOT, "src/cli/main.ts");

/** An issue, as GitHub's API shows it. */
interface Issue {
  readonly number: number;
  readonly title: string;
  body: string;
  state: string;
}

/** What the examples of this folder use on this machine. */
export interface ExampleServices {
  /** The address of the folder with the bare repositories. */
  readonly git: string;
  readonly basic: string;
  readonly oidc: string;
  readonly github: string;
  readonly audience: string;
  readonly username: string;
  readonly password: string;
}

/** The places that one example uses, and no other example: GitHub's API, and the repositories that keep locks. */
export class ExamplePlace {
  readonly services: ExampleServices;
  readonly folder: string;
  /** The owner of the example's repositories on the git server. */
  readonly owner: string;
  readonly issues: Issue[] = [];
  /** Texts that one part of a run leaves for a later one. */
  readonly notes = new Map<string, string>();
  readonly requests: ApiRequest[];
  readonly apiUrl: string;
  /** Called when the API is asked to cancel the run. */
  onCancel: () => void = () => {};
  readonly close: () => Promise<unknown>;

  /** @param folder A new folder, below the one that the git server serves. */
  static async make(folder: string, services: ExampleServices): Promise<ExamplePlace> {
    for (const name of ["reports", "locks", "other", "disk.git"]) {
      const repository = path.join(folder, name);
      mkdirSync(repository, { recursive: true });
      await run("git", ["init", "--quiet", "--bare", repository], {});
    }
    let place: ExamplePlace | undefined;
    const api = await serveGitHubApi((request) => place?.answer(request));
    place = new ExamplePlace(folder, services, api);
    return place;
  }

  private constructor(folder: string, services: ExampleServices, api: Awaited<ReturnType<typeof serveGitHubApi>>) {
    this.services = services;
    this.folder = folder;
    this.owner = path.basename(folder);
    this.requests = api.requests;
    this.apiUrl = api.url;
    this.close = api.close;
  }

  /** @returns the text of an example, with the addresses of this machine in place of those that a reader has to replace, and short pages. */
  adapted(text: string): string {
    const server = text.includes("oidc-audience") ? this.services.oidc : this.services.basic;
    return text
      .replaceAll("git+https://github.com/octo-org/", `git+${this.services.git}/${this.owner}/`)
      .replaceAll("https://cronyx.example.com", server)
      .replace(/^( *)offset: \$\{\{ inputs\.offset \}\}$/m, "$&\n$1limit: 2")
      .replaceAll("/srv/cronyx/locks.git", path.join(this.folder, "disk.git"));
  }

  /** Runs one of the package's commands on a repository. @returns its standard output. */
  async command(repository: string, ...args: readonly string[]): Promise<string> {
    const url = `git+${this.services.git}/${this.owner}/${repository}`;
    const env = { CRONYX_URL: url, CRONYX_TOKEN: "invented" };
    return (await run(process.execPath, ["--no-warnings", CLI, ...args], env)).output;
  }

  /** @returns the state of a job, as `status --json` shows it. */
  // biome-ignore lint/suspicious/noExplicitAny: the check looks at it
  async state(job: string, repository = "reports"): Promise<any> {
    return JSON.parse(await this.command(repository, "status", job, "--json"));
  }

  answer({ line, body }: ApiRequest): ApiAnswer | undefined {
    const [, method = "", target = ""] = /^(\w+) \/repos\/[^/]+\/[^/]+\/(.*)$/.exec(line) ?? [];
    const given = (body || {}) as Partial<Issue>;
    const [, number] = /^issues\/(\d+)$/.exec(target) ?? [];
    if (method === "GET" && target.startsWith("issues?")) {
      return { status: 200, body: this.issues.filter(({ state }) => state === "open") };
    }
    if (method === "GET" && target.startsWith("actions/workflows?")) return { status: 200, body: { workflows: [] } };
    const run = /^actions\/(?:runs|jobs)\/(\d+)/.exec(target)?.[1];
    if (method === "GET" && run !== undefined) {
      return { status: 200, body: { id: Number(run), name: "invented", status: "in_progress" } };
    }
    if (method === "POST" && target.endsWith("/cancel")) {
      this.onCancel();
      return { status: 202, body: {} };
    }
    if (method === "POST" && target.endsWith("/dispatches")) return { status: 204 };
    if (method === "POST" && target === "issues") {
      const issue = { number: this.issues.length + 1, title: given.title ?? "", body: given.body ?? "", state: "open" };
      this.issues.push(issue);
      return { status: 201, body: issue };
    }
    const issue = this.issues.find((one) => String(one.number) === number);
    if (method === "PATCH" && issue !== undefined) return { status: 200, body: Object.assign(issue, given) };
    if (method === "POST") return { status: 201, body: {} };
    return undefined;
  }
}

/** Runs a program. @throws if it fails. */
export async function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(program, [...args], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => errors.push(chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${code}: ${Buffer.concat(errors)}`);
  return { output: Buffer.concat(output).toString() };
}

interface Project {
  /** The name of the workflow's file. */
  readonly file: string;
  readonly workflow: string;
  /** The folder of the action. */
  readonly action: string;
}

/** Makes a repository that holds the workflow and the action. */
export async function makeProject(folder: string, { file, workflow, action }: Project): Promise<void> {
  const workflows = path.join(folder, ".github/workflows");
  mkdirSync(workflows, { recursive: true });
  writeFileSync(path.join(workflows, file), workflow);
  await run("cp", ["-r", action, path.join(folder, "action")], {});
  const git = (...args: readonly string[]) => run("git", ["-C", folder, ...args], {});
  await git("init", "--quiet", "--initial-branch=main");
  await git(
    "-c",
    "user.name=e2e",
    "-c",
    "user.email=e2e@localhost",
    "commit",
    "--quiet",
    "--allow-empty",
    "-m",
    "start",
  );
}
