import { expect, test } from "@jest/globals";
import { setOutputs } from "../../src/action/outputs.ts";
import { NO_STATE } from "../../src/action/state.ts";
import type { StartAnswer, Started } from "../../src/backend/job-backend.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { toolkitWith } from "../../testing/action/recording-toolkit.ts";

const PLACE = "https://locks.example.com";
const AT = Date.parse("2026-11-24T04:00:00Z");
const GRANTED: Started = {
  started: true,
  jobName: "report",
  intervalStartedAt: AT,
  intervalEndedAt: AT + HOUR,
  createdAt: AT + HOUR,
  updatedAt: AT + HOUR,
  lock: { jobName: "report", id: "91b47077-d501-41ab-b407-8ef897670f0a", record: null },
  behind: 2,
  skipped: null,
  takenOver: null,
};
const withId = (id: string): Partial<Started> => ({ lock: { jobName: "report", id, record: null } });

function outputsOf(answer: StartAnswer) {
  const { toolkit, outputs } = toolkitWith({});
  try {
    const takingState = { ...NO_STATE, jobName: "report", location: PLACE };
    setOutputs({ toolkit }, { start: { answer, takingState } });
  } catch (error) {
    return { outputs, error };
  }
  return { outputs, error: null };
}

test("a grant's values are set as they are", () => {
  expect(outputsOf(GRANTED)).toMatchObject({
    error: null,
    outputs: {
      "job-id": "91b47077-d501-41ab-b407-8ef897670f0a",
      "job-interval": "3600000",
      "job-interval-started-at": "2026-11-24T04:00:00.000Z",
      behind: "2",
    },
  });
});

const WRONG: [wrong: Partial<Started>, problem: string][] = [
  [withId(""), 'the lock id ""'],
  [withId("id\nstarted=true"), 'the lock id "id\\nstarted=true"'],
  [withId("x".repeat(70_000)), 'the lock id "xxxx'],
  [withId("\u202eid"), "the lock id"],
  [{ intervalEndedAt: AT }, "an interval that ends at 2026-11-24T04:00:00.000Z and starts at 2026-11-24T04:00:00.000Z"],
  [{ intervalEndedAt: AT - HOUR }, "an interval that ends at 2026-11-24T03:00:00.000Z and starts"],
  [{ intervalStartedAt: Number.NaN }, "the instant NaN"],
  [{ createdAt: 8.64e15 }, "the instant 8640000000000000"],
  [{ updatedAt: 0.5 }, "the instant 0.5"],
  [{ behind: -1 }, "-1 further intervals"],
  [{ behind: 1.5 }, "1.5 further intervals"],
  [{ behind: Number.POSITIVE_INFINITY }, "Infinity further intervals"],
  [{ skipped: { from: AT, until: AT - HOUR } }, "a skipped span that ends"],
  [{ skipped: { from: Number.NaN, until: AT } }, "the instant NaN"],
];
test.each(WRONG)("a grant with %j sets no output", (wrong, problem) => {
  const { outputs, error } = outputsOf({ ...GRANTED, ...wrong });
  expect(outputs).toEqual({});
  expect(error).toMatchObject({ code: "not-a-server", effect: "possible" });
  expect((error as Error).message).toContain(`${PLACE} answered with ${problem}`);
});

test("a refusal with an instant that does not exist sets no output", () => {
  const { outputs, error } = outputsOf({ started: false, reason: "not-due", dueAt: Number.NaN });
  expect(outputs).toEqual({});
  expect(error).toMatchObject({ code: "not-a-server" });
});
