import { setImmediate } from "node:timers/promises";
import type { Inputs } from "../inputs.ts";

/**
 * Loads the code that this step may need once its command runs, while the server works on its first answer. The command may
 * remove the files of the action: some commands clean up their runner.
 */
export async function loadCodeOfEnd({ whenBehind }: Pick<Inputs, "whenBehind">): Promise<void> {
  await setImmediate();
  const loads = [
    () => import(/* webpackChunkName: "rare" */ "../../scheduler/rare-transitions.ts"),
    () => import(/* webpackChunkName: "failure" */ "../loss-line.ts"),
    () => import(/* webpackChunkName: "summary" */ "../summary/write-summary.ts"),
    () => import(/* webpackChunkName: "refused" */ "../not-started-line.ts"),
    ...(whenBehind === "dispatch"
      ? [() => import(/* webpackChunkName: "github" */ "../github/dispatch-workflow.ts")]
      : []),
  ];
  // A file that cannot be read fails the step only where its code is needed. The `import()` of the bundle throws at once then.
  await Promise.allSettled(loads.map(async (load) => load()));
}
