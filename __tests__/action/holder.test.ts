import { expect, test } from "@jest/globals";
import { ownHolder } from "../../src/action/holder.ts";

test.each(["https://github.example.com", "https://github.example.com/"])(
  "the run URL on %s has one slash",
  (server) => {
    const env = { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: "octo-org/reports", GITHUB_RUN_ID: "7" };
    expect(ownHolder(env, { kind: "job", checkRunId: "" }).runUrl).toBe(
      "https://github.example.com/octo-org/reports/actions/runs/7",
    );
  },
);

test("the holder names the run, its job and its server", () => {
  const env = {
    GITHUB_SERVER_URL: "https://github.example.com/",
    GITHUB_REPOSITORY: "octo-org/reports",
    GITHUB_RUN_ID: "7",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_JOB: "nightly",
  };
  expect(ownHolder(env, { kind: "job", checkRunId: "12345" })).toEqual({
    serverUrl: "https://github.example.com",
    repository: "octo-org/reports",
    runId: "7",
    attempt: "2",
    job: "nightly",
    checkRunId: "12345",
    runUrl: "https://github.example.com/octo-org/reports/actions/runs/7/attempts/2",
    kind: "job",
  });
  expect(ownHolder({}, { kind: "job", checkRunId: "" })).toEqual({ kind: "job" });
});
