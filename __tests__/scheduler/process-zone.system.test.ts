import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

// date-fns counts on the calendar of the process's own zone unless it is told otherwise, which goes unseen where that
// zone is UTC, as it is on most runners. A process's zone can't be changed from inside a test, so two groups of tests
// run once more.
test("steps are the same in a process whose zone is Europe/London", async () => {
  const run = async (...args: string[]) => {
    const env = { ...process.env, TZ: "Europe/London", FORCE_COLOR: "0" };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
    return stdout + stderr;
  };
  expect(await run("-p", "Intl.DateTimeFormat().resolvedOptions().timeZone")).toContain("Europe/London");

  const jest = ["--experimental-vm-modules", "node_modules/jest/bin/jest.js", "--ci", "--runInBand", "--verbose"];
  const told = await run(
    ...jest,
    ...["--testNamePattern", "^(the rows of fixtures|where clocks are set)"],
    ...["--runTestsByPath", "__tests__/scheduler/job-interval.test.ts", "__tests__/scheduler/duration-shift.test.ts"],
  );
  expect(told).toMatch(/[✓√] hold/);
  expect(told).toMatch(/[✓√] .* in Pacific\/Apia/);
});
