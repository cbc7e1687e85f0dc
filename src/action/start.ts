import { runStep } from "./run-step.ts";
import { startForOtherJobs } from "./start-for-other-jobs.ts";
import { runnerToolkit } from "./toolkit.ts";

export const start = () => runStep(startForOtherJobs, runnerToolkit(), process);
