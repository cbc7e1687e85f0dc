import { expect, test } from "@jest/globals";
import { withoutCredentials } from "../../src/cli/without-credentials.ts";

const ENV = { PATH: "/bin", CRONYX_URL: "https://locks.example", CRONYX_TOKEN: "a", Cronyx_Password: "b" };

test.each([
  ["win32", { PATH: "/bin", CRONYX_URL: "https://locks.example" }],
  ["linux", { PATH: "/bin", CRONYX_URL: "https://locks.example", Cronyx_Password: "b" }],
] as const)(
  "on %s the command's environment has no variable that this system takes for a credential",
  (platform, env) => {
    expect(withoutCredentials(ENV, platform)).toEqual(env);
  },
);
