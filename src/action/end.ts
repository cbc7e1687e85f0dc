import { endHandedLock } from "./end-handed-lock.ts";
import { runStep } from "./run-step.ts";
import { runnerToolkit } from "./toolkit.ts";

export const end = () => runStep(endHandedLock, runnerToolkit(), process);
