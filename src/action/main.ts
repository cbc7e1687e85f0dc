import { runStep } from "./run-step.ts";
import { startJob } from "./start-job.ts";
import { toolkit } from "./toolkit.ts";

export const main = () => runStep(startJob, toolkit, process);
