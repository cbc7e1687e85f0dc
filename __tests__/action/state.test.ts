import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { NO_STATE, type StepState, StepStateWriter } from "../../src/action/state.ts";
import { runnerToolkit } from "../../src/action/toolkit.ts";

const TAKING: StepState = { ...NO_STATE, location: "https://locks", jobName: "report", lockId: "id" };

/** @returns a writer, and the keys and values that it has written, in order. */
function writer({ fails = () => false }: { readonly fails?: () => boolean } = {}) {
  const written: [string, string][] = [];
  const saveState = (key: string, value: string) => {
    if (fails()) throw new Error("Missing file");
    written.push([key, value]);
  };
  return {
    state: new StepStateWriter({ ...runnerToolkit(), saveState }),
    written,
    keys: () => written.map(([key]) => key),
  };
}

test("each key is written at least once, the lock's id last", async () => {
  const { state, keys } = writer();
  state.emptySoon();
  expect(keys()).toEqual([]);
  await turn();
  expect(keys()).toEqual(Object.keys(NO_STATE));
  expect(keys().at(-1)).toBe("lockId");
});

test("after that only changes are written", () => {
  const { state, written, keys } = writer();
  state.save(NO_STATE);
  state.save(TAKING);
  expect(written.splice(Object.keys(NO_STATE).length)).toEqual([
    ["location", "https://locks"],
    ["jobName", "report"],
    ["lockId", "id"],
  ]);
  written.length = 0;
  state.save({ ...TAKING, lockId: "" });
  expect(keys()).toEqual(["lockId"]);
});

test("the empty state never takes the place of a state with a lock", async () => {
  const { state, written } = writer();
  state.emptySoon();
  state.save(TAKING);
  await turn();
  state.empty();
  expect(Object.fromEntries(written)).toMatchObject({ jobName: "report", lockId: "id" });
});

test("a command may damage the file, so the state after it is written in full, and is no less the last one", () => {
  const { state, written, keys } = writer();
  state.save(TAKING);
  state.distrustFile();
  state.empty();
  written.length = 0;
  state.save(TAKING);
  expect(keys()).toEqual(Object.keys(NO_STATE));
});

test("a failure to empty the state is thrown by the next write, which writes all keys", async () => {
  let isMissing = true;
  const { state, keys } = writer({ fails: () => isMissing });
  state.emptySoon();
  await turn();
  expect(() => state.empty()).toThrow("Missing file");
  isMissing = false;
  state.save(TAKING);
  expect(keys()).toEqual(Object.keys(NO_STATE));
});
