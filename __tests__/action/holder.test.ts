import { expect, test } from "@jest/globals";
import { holderOf } from "../../src/action/holder.ts";

test.each(["https://github.example.com", "https://github.example.com/"])(
  "the run URL on %s has one slash",
  (server) => {
    const env = { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: "octo-org/reports", GITHUB_RUN_ID: "7" };
    expect(holderOf(env).runUrl).toBe("https://github.example.com/octo-org/reports/actions/runs/7");
  },
);
