import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

// Without its option `in`, date-fns counts on the calendar of the process's own zone. In UTC, the zone of most runners,
// that mistake would not show. A test cannot change the zone of its own process, so two groups of tests run again in one.
test("boundaries are the same in a process whose own zone is Europe/London", async () => {
  const run = async (...args: string[]) => {
    const env = { ...process.env, TZ: "Europe/London", FORCE_COLOR: "0" };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
    return stdout + stderr;
  };
  expect(await run("-p", "Intl.DateTimeFormat().resolvedOptions().timeZone")).toContain("Europe/London");

  const output = await run(
    ...["node_modules/jest/bin/jest.js", "--ci", "--runInBand", "--verbose", "--selectProjects=fast"],
    ...["--testNamePattern", "^(the rows of fixtures|a duration at clock changes)"],
    ...["--runTestsByPath", "__tests__/scheduler/schedule-of.test.ts", "__tests__/scheduler/duration-shift.test.ts"],
  );
  expect(output).toMatch(/[✓√] are the next and previous boundaries/);
  expect(output).toMatch(/[✓√] .* in Pacific\/Apia/);
});
