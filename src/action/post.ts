import { endJob } from "./end-job.ts";
import { runStep } from "./run-step.ts";
import { toolkit } from "./toolkit.ts";

export const post = () => runStep(endJob, toolkit, process);
