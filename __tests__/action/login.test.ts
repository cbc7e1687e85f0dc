import { describe, expect, test } from "@jest/globals";
import { loadLogin } from "../../src/action/login.ts";
import { actionMessage } from "../../src/action/remedies.ts";
import type { Toolkit } from "../../src/action/toolkit.ts";
import { parseLocation } from "../../src/location/location.ts";

const SECRET = "s3cret";

function load(url: string, inputs: Readonly<Record<string, string>>) {
  const masked: string[] = [];
  const toolkit = {
    getInput: (name: string) => inputs[name] ?? "",
    setSecret: (secret: string) => masked.push(secret),
  } as unknown as Toolkit;
  const login = loadLogin(toolkit, parseLocation(url));
  return { login, masked };
}

describe("the login of a repository", () => {
  test.each([
    [{ token: SECRET }, { token: SECRET, username: "", password: "" }, "x-access-token"],
    [{ token: SECRET, username: "jenkins" }, { token: SECRET, username: "jenkins", password: "" }, "jenkins"],
    [
      { token: "t", username: "jenkins", password: SECRET },
      { token: "t", username: "jenkins", password: SECRET },
      "jenkins",
    ],
  ])("by git+https: %j, masked as it is and as it is sent", (inputs, login, user) => {
    const loaded = load("git+https://git.example.test/locks", inputs);
    expect(loaded.login).toMatchObject(login);
    expect(loaded.masked).toEqual(expect.arrayContaining([SECRET, btoa(`${user}:${SECRET}`)]));
  });

  test.each([
    ["git+https://h/r", { password: SECRET }, "username is missing, and password is set: set the inputs username and"],
    ["git+https://h/r", { username: "a:b" }, 'username "a:b" contains a colon'],
    ["git+https://h/r", { "oidc-audience": "x" }, "oidc-audience is for a CronyxServer, and the url is that of a"],
    ["git+ssh://git@h/r", { username: "me" }, "username and password are for a CronyxServer or a git+https: url: use"],
    ["git+file:///r", { username: "me", password: SECRET }, "username and password are for a CronyxServer or a"],
  ])("%s with %j is refused", (url, inputs, message) => {
    let error: unknown;
    try {
      load(url, inputs);
    } catch (thrown) {
      error = thrown;
    }
    expect(actionMessage(error)).toContain(message);
    expect(actionMessage(error)).not.toContain(SECRET);
  });
});
