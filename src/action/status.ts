import { runStep } from "./run-step.ts";
import { runnerToolkit } from "./toolkit.ts";
import { watchJobs } from "./watch-jobs.ts";

export const status = () => runStep(watchJobs, runnerToolkit(), process);
