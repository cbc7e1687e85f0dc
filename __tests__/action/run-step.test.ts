import { EventEmitter } from "node:events";
import { expect, test } from "@jest/globals";
import { runStep } from "../../src/action/run-step.ts";
import type { Toolkit } from "../../src/action/toolkit.ts";

test("a step that ends leaves the exit code alone, and ends the process once its log is out", async () => {
  const step = surroundings();
  const { process, toolkit } = step;
  await runStep(async () => null, toolkit, process);
  expect(step.exits).toBe(1);
  process.emit("exit", 0);
  expect(process.exitCode).toBeUndefined();
});

test("an error that a step does not catch fails the step with its message, and its stack goes to the debug log", async () => {
  const { process, toolkit, failures, debugged } = surroundings();
  await runStep(() => Promise.reject(new TypeError("x is not a function")), toolkit, process);
  expect(failures).toEqual(["x is not a function"]);
  expect(debugged[0]).toContain("run-step.test");
});

test("the exit code that a step returns is that of the process", async () => {
  const { process, toolkit } = surroundings();
  await runStep(async () => 3, toolkit, process);
  expect(process.exitCode).toBe(3);
});

test("a process that runs out of work before its step ends has failed", () => {
  const { process, toolkit } = surroundings();
  void runStep(() => new Promise(() => {}), toolkit, process);
  process.emit("exit", 0);
  expect(process.exitCode).toBe(1);
});

function surroundings() {
  const failures: unknown[] = [];
  const debugged: string[] = [];
  const counted = {
    failures,
    debugged,
    exits: 0,
    toolkit: {
      setFailed: (message: unknown) => failures.push(message),
      debug: (line: string) => debugged.push(line),
    } as unknown as Toolkit,
    process: Object.assign(new EventEmitter(), {
      env: {},
      exitCode: undefined as number | undefined,
      exit: () => {
        counted.exits++;
      },
      stdout: { write: (_: string, written: () => void) => written() },
    }) as unknown as NodeJS.Process,
  };
  return counted;
}
