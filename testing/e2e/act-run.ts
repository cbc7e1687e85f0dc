import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { ExamplePlace } from "./example-place.ts";

/** How one workflow is triggered under act. */
export interface Trigger {
  readonly event: "schedule" | "workflow_dispatch";
  readonly inputs?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** The repository in which the workflow runs. Default: reports. */
  readonly repository?: string;
}

/** An example that act runs on this machine, without containers. */
export class ActRun {
  readonly #child: ReturnType<typeof spawn>;
  #log = "";
  #onText: (() => void)[] = [];
  readonly ended: Promise<{ readonly code: number | null; readonly log: string }>;

  constructor(trigger: Trigger, { file, place, project, act, env }: ActOptions) {
    const { event, inputs = {}, secrets = {}, repository = "reports" } = trigger;
    const github = `${place.owner}/${repository}`;
    const variables = {
      GITHUB_SERVER_URL: place.services.git,
      GITHUB_API_URL: place.apiUrl,
      GITHUB_REPOSITORY: github,
      GITHUB_REF: "refs/heads/main",
      GITHUB_REF_NAME: "main",
      GITHUB_WORKFLOW_REF: `${github}/.github/workflows/${file}@refs/heads/main`,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${place.services.github}/token?repository=${github}`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "invented",
    };
    const args = [
      event,
      ...["--workflows", `.github/workflows/${file}`],
      ...["--platform", "ubuntu-latest=-self-hosted", "--platform", "self-hosted=-self-hosted"],
      ...["--local-repository", `OWNER/cronyx-action@v1=${path.join(project, "action")}`],
      ...flags("--input", inputs),
      ...flags("--secret", { GITHUB_TOKEN: "invented", ...secrets }),
      ...flags("--env", variables),
    ];
    const child = spawn(act, args, {
      cwd: project,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
        for (const look of this.#onText.splice(0)) look();
      });
    }
    this.ended = once(child, "close").then(([code]) => ({ code, log: this.#log }));
  }

  /** Waits until the log has such a line, or the run has ended. */
  async says(line: RegExp): Promise<void> {
    while (!line.test(this.#log) && this.#child.exitCode === null) {
      await Promise.race([new Promise<void>((resolve) => this.#onText.push(resolve)), this.ended]);
    }
  }

  /** As GitHub cancels a run. */
  cancel(): void {
    this.#child.kill("SIGINT");
  }
}

interface ActOptions {
  /** The name of the example. */
  readonly file: string;
  readonly place: ExamplePlace;
  /** A repository that holds the workflow, and a folder `action` with the action. */
  readonly project: string;
  /** The path of act. */
  readonly act: string;
  readonly env: Readonly<Record<string, string>>;
}

function flags(name: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([key, value]) => [name, `${key}=${value}`]);
}
