import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * The result of one process: its log, and the files that it wrote for the runner.
 *
 * @typedef {object} StepResult
 * @property {number | null} code The exit code; null if it was killed.
 * @property {string[]} log The printed lines.
 * @property {Record<string, string>} outputs
 * @property {Record<string, string>} state
 */

/**
 * One step that uses the action, run as GitHub's runner runs it: one process for main, later another one for post.
 * Inputs come in `INPUT_*`; outputs and state go through files. Post runs even if main failed or was killed.
 */
export class Step {
  /** @type {Record<string, string>} The state that the main step saved for post. */
  state = {};
  /** @type {import("node:child_process").ChildProcess | undefined} The running process, if any. */
  process;

  /**
   * @param {object} options
   * @param {string} options.dist The folder that holds `action/main.js` and `action/post.js`.
   * @param {string} options.temporary A folder for temporary files.
   * @param {Record<string, string>} options.inputs
   * @param {Record<string, string>} [options.env] The job's `env:` and the runner's own variables.
   * @param {string} [options.node] The node to run with.
   */
  constructor({ dist, temporary, inputs, env = {}, node = process.execPath }) {
    this.dist = dist;
    this.inputs = inputs;
    this.env = env;
    this.node = node;
    mkdirSync(temporary, { recursive: true });
    this.folder = mkdtempSync(path.join(temporary, "step-"));
  }

  /** @param {string} entryPoint The file that the step's `action.yml` has as `main`. */
  async main(entryPoint = "main") {
    return this.#run(entryPoint, {}, "success");
  }

  /** @param {string} jobStatus The job's status so far: `success`, `failure` or `cancelled`. */
  async post(jobStatus = "success") {
    const state = Object.fromEntries(Object.entries(this.state).map(([key, value]) => [`STATE_${key}`, value]));
    return this.#run("post", state, jobStatus);
  }

  /**
   * @param {string} name @param {Record<string, string>} state @param {string} jobStatus
   * @returns {Promise<StepResult>}
   */
  async #run(name, state, jobStatus) {
    const files = Object.fromEntries(
      ["OUTPUT", "STATE", "ENV", "PATH", "STEP_SUMMARY"].map((file) => [
        `GITHUB_${file}`,
        path.join(this.folder, `${name}-${file}`),
      ]),
    );
    for (const file of Object.values(files)) writeFileSync(file, "");
    const inputs = Object.entries({ "job-status": jobStatus, ...this.inputs });
    const child = spawn(this.node, [path.join(this.dist, "action", `${name}.js`)], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH,
        ...(process.env.SystemRoot ? { SystemRoot: process.env.SystemRoot } : {}),
        RUNNER_TEMP: this.folder,
        ...this.env,
        ...files,
        ...Object.fromEntries(inputs.map(([key, value]) => [`INPUT_${key.replaceAll(" ", "_").toUpperCase()}`, value])),
        ...state,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    const code = await new Promise((resolve) => {
      child.on("close", resolve);
      // A command that outlives a killed step keeps the pipes open.
      child.on("exit", (code) => code ?? resolve(code));
    });
    this.process = undefined;
    const saved = fileCommands(readFileSync(files.GITHUB_STATE ?? "", "utf8"));
    if (name !== "post") this.state = saved;
    return {
      code,
      log: printed.split(/\r?\n/).filter((line) => line !== ""),
      outputs: fileCommands(readFileSync(files.GITHUB_OUTPUT ?? "", "utf8")),
      state: saved,
    };
  }
}

/**
 * Reads one of the files that a step writes for the runner. The last value of a key counts; a value that a
 * kill cut short does not count.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
 * @param {string} text
 */
export function fileCommands(text) {
  /** @type {Record<string, string>} */
  const values = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const [, key, delimiter] = /^(.+?)<<(.+)$/.exec(lines[at] ?? "") ?? [];
    if (key === undefined || delimiter === undefined) continue;
    const end = lines.indexOf(delimiter, at + 1);
    if (end === -1) break;
    values[key] = lines.slice(at + 1, end).join("\n");
    at = end;
  }
  return values;
}

/**
 * The variables that the runner sets for a workflow run.
 *
 * @param {string} job
 */
export function runOf(job, runId = String(Math.floor(Math.random() * 1e10)), repository = "octo-org/reports") {
  return {
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: repository,
    GITHUB_RUN_ID: runId,
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_JOB: job,
    RUNNER_TRACKING_ID: randomUUID(),
  };
}
