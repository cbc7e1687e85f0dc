import { runStep } from "./run-step.ts";
import { startJob } from "./start-job.ts";
import { runnerToolkit } from "./toolkit.ts";

export const main = () => runStep(startJob, runnerToolkit(), process);
