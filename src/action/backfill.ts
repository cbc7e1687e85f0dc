import { listIntervals } from "./list-intervals.ts";
import { runStep } from "./run-step.ts";
import { runnerToolkit } from "./toolkit.ts";

export const backfill = () => runStep(listIntervals, runnerToolkit(), process);
