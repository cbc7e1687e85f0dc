import { randomUUID } from "node:crypto";
import { deadlineIn } from "../network/deadline.ts";
import { startJob } from "./start-job.ts";
import { toolkit } from "./toolkit.ts";

let done = false;
// A process that runs out of work before it is done has failed; CommonJS, which the bundle is, would call it a success.
process.once("exit", () => {
  if (!done) process.exitCode = 1;
});
await startJob({ toolkit, env: process.env, now: Date.now, newId: randomUUID, deadline: () => deadlineIn(60_000) });
done = true;
// Nothing that is still open, such as a request that was given up, keeps the step from ending.
process.stdout.write("", () => process.exit());
