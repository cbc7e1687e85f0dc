import { endJob } from "./end-job.ts";
import { runStep } from "./run-step.ts";
import { runnerToolkit } from "./toolkit.ts";

export const post = () => runStep(endJob, runnerToolkit(), process);
