import { runStep } from "./run-step.ts";
import { startForOtherJobs } from "./start-for-other-jobs.ts";
import { toolkit } from "./toolkit.ts";

export const start = () => runStep(startForOtherJobs, toolkit, process);
