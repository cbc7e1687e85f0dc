import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { parseInterval } from "../../../src/scheduler/interval-text.ts";
import type { Scheme } from "../../../src/server/auth/authentication.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { oidcScheme } from "../../../src/server/auth/oidc-scheme.ts";
import { firstWorkflow, workflowText } from "../../../src/server/pages/first-workflow.ts";
import { serverAddress } from "../../../src/server/routes/server-address.ts";

const BASIC = basicScheme("octo", "password");
const OIDC = oidcScheme({ issuer: "https://issuer.example", audience: "cron: yx", rules: [] }, () => 0);
const addressOf = (host: string | undefined, schemes: readonly Scheme[] = [], forwarded?: string) =>
  serverAddress({ headers: { ...(host && { host }), ...(forwarded && { "x-forwarded-proto": forwarded }) } }, schemes);

test.each([
  ["127.0.0.1:3000", undefined, "http://127.0.0.1:3000", true],
  ["localhost:3000", undefined, "http://localhost:3000", true],
  ["[::1]:3000", undefined, "http://[::1]:3000", true],
  ["10.1.2.3:3000", undefined, "http://10.1.2.3:3000", false],
  ["locks.example.com", undefined, "https://locks.example.com", false],
  ["locks.example.com", "http", "http://locks.example.com", false],
  ["10.1.2.3", "https", "https://10.1.2.3", false],
  ["a/b", undefined, "https://HOST", false],
  ["a b: c", undefined, "https://HOST", false],
  [undefined, undefined, "https://HOST", false],
])("a browser that reached %s (%s) shows %s", (host, forwarded, url, isLocal) => {
  expect(addressOf(host, [], forwarded)).toEqual({ url, isLocal, login: { kind: "none" } });
});

test.each<[what: string, schemes: readonly Scheme[], login: object]>([
  ["no login", [], {}],
  [
    "a password",
    [BASIC],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's syntax
    { username: "${{ secrets.CRONYX_USERNAME }}", password: "${{ secrets.CRONYX_PASSWORD }}" },
  ],
  ["tokens", [BASIC, OIDC], { "oidc-audience": "cron: yx" }],
])("the workflow for a server with %s has inputs that the action takes", (_, schemes, login) => {
  const address = addressOf("[::1]:3000", schemes);
  const workflow = parse(workflowText(address));
  const [{ uses, with: inputs }] = workflow.jobs.report.steps;
  expect(uses).toBe("OWNER/cronyx-action@v1");
  expect(inputs).toEqual({
    url: "http://[::1]:3000",
    ...login,
    "job-name": "hourly-report",
    "job-interval": "0 * * * *",
    run: expect.stringContaining("$CRONYX_INTERVAL_STARTED_AT"),
  });
  const action = parse(readFileSync("action.yml", "utf8"));
  for (const input of Object.keys(inputs)) expect(action.inputs).toHaveProperty([input]);
  expect(parseInterval("job-interval", inputs["job-interval"])).toBe("0 * * * *");
  expect(workflow.on).toEqual({ schedule: [{ cron: "7 * * * *" }], workflow_dispatch: null });
  expect(workflow.permissions).toEqual(schemes.includes(OIDC) ? { "id-token": "write" } : undefined);
});

test("the page says what the workflow still needs", () => {
  const words = (host: string, schemes: readonly Scheme[] = []) => firstWorkflow(addressOf(host, schemes)).text;
  expect(words("127.0.0.1:3000")).toContain("Only this machine reaches this address");
  expect(words("locks.example.com")).not.toContain("Only this machine");
  expect(words("locks.example.com", [BASIC])).toContain("BASIC_AUTH_PASSWORD");
  expect(words("locks.example.com", [OIDC])).toContain("OIDC_RULES");
});
