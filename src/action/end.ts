import { endHandedLock } from "./end-handed-lock.ts";
import { runStep } from "./run-step.ts";
import { toolkit } from "./toolkit.ts";

export const end = () => runStep(endHandedLock, toolkit, process);
