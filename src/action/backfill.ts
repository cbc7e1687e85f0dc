import { listIntervals } from "./list-intervals.ts";
import { runStep } from "./run-step.ts";
import { toolkit } from "./toolkit.ts";

export const backfill = () => runStep(listIntervals, toolkit, process);
