import { runStep } from "./run-step.ts";
import { toolkit } from "./toolkit.ts";
import { watchJobs } from "./watch-jobs.ts";

export const status = () => runStep(watchJobs, toolkit, process);
