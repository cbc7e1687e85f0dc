import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadConfiguration } from "../../src/server/configuration.ts";
import { serverMessage } from "../../src/server/remedies.ts";
import { helpText } from "../../src/server/settings.ts";

const RULES = '[{"jobs":"**","claims":{"repository":"octo-org/*"}}]';
const noFile = (path: string): string => {
  throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
};
const load = (args: string[], env: Record<string, string> = {}, readFile = noFile) =>
  loadConfiguration(args, env, readFile);

/** @returns the message that `serve` shows for these settings. */
async function refusalOf(args: string[], env: Record<string, string>): Promise<string> {
  try {
    await load(args, env);
  } catch (error) {
    return serverMessage(error);
  }
  return "";
}

test("every setting has a default", async () => {
  const defaults = {
    port: 3000,
    host: "127.0.0.1",
    timezone: "UTC",
    database: { kind: "sqlite", file: path.resolve("cronyx.db") },
    logLevel: "info",
    basic: null,
    oidc: null,
    metricsJobs: [],
    insecure: false,
  };
  expect(await load([])).toEqual(defaults);
  expect(await load([], { SERVER_PORT: "", TIMEZONE: "", BASIC_AUTH_PASSWORD: "", JOB_STORE_URL: "" })).toEqual(
    defaults,
  );
});

test("a flag overrides its variable", async () => {
  const env = { SERVER_PORT: "1", SERVER_HOST: "::1", TIMEZONE: "Asia/Tokyo", JOB_STORE_URL: "postgres://a:b@c/d" };
  expect(await load([], env)).toMatchObject({
    port: 1,
    host: "::1",
    timezone: "Asia/Tokyo",
    database: { kind: "postgres", url: new URL("postgres://a:b@c/d") },
  });
  const flags = ["--server-port=2", "--server-host", "localhost", "--timezone=UTC", "--job-store-url=sqlite:x"];
  expect(await load(flags, env)).toMatchObject({
    port: 2,
    host: "localhost",
    timezone: "UTC",
    database: { kind: "sqlite", file: path.resolve("x") },
  });
});

test("METRICS_JOBS is a list of names, at most 100", async () => {
  const jobs = async (list: string) => (await load([], { METRICS_JOBS: list }))?.metricsJobs;
  expect(await jobs("hourly-report, daily/orders,,hourly-report, a b ")).toEqual([
    "hourly-report",
    "daily/orders",
    "a b",
  ]);
  const names = (count: number) => Array.from({ length: count }, (_, at) => `job-${at}`).join(",");
  expect(await jobs(names(100))).toHaveLength(100);
  expect(await refusalOf(["--metrics-jobs", names(101)], {})).toBe(
    "--metrics-jobs lists 101 jobs: use at most 100 jobs",
  );
  expect(await refusalOf([], { METRICS_JOBS: "x".repeat(256) })).toContain("METRICS_JOBS");
});

test("the rules may be in a file", async () => {
  const flags = ["--oidc-audience=cronyx", "--oidc-rules-file=rules.json"];
  const readFile = (path: string) => (path === "rules.json" ? RULES : noFile(path));
  expect((await load(flags, {}, readFile))?.oidc).toMatchObject({
    issuer: "https://token.actions.githubusercontent.com",
    audience: "cronyx",
    rules: [{ claims: [{ name: "repository" }] }],
  });
});

describe("beyond this machine", () => {
  const user = { BASIC_AUTH_USERNAME: "octo", BASIC_AUTH_PASSWORD: "secret" };
  const oidc = { OIDC_AUDIENCE: "cronyx", OIDC_RULES: RULES };

  test.each([user, oidc, { ...user, ...oidc }])("%j allows it", async (env) => {
    expect(await load(["--server-host=0.0.0.0"], env)).toMatchObject({ host: "0.0.0.0" });
  });

  test("--insecure does too", async () => {
    expect(await load(["--server-host=0.0.0.0", "--insecure"])).toMatchObject({
      host: "0.0.0.0",
      basic: null,
      insecure: true,
    });
  });

  test.each(["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com"])(
    "%s alone is refused",
    async (host) => {
      const message = `SERVER_HOST "${host}" lets other machines start and end jobs without a login: use BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD, or OIDC_AUDIENCE and OIDC_RULES, or --insecure`;
      expect(await refusalOf([], { SERVER_HOST: host })).toBe(message);
    },
  );
});

test.each<[args: string[], env: Record<string, string>, message: string]>([
  [["--server-port=http"], {}, '--server-port "http" is not allowed: use a number from 0 to 65535'],
  [[], { SERVER_PORT: "65536" }, 'SERVER_PORT "65536" is not allowed: use a number from 0 to 65535'],
  [[], { SERVER_PORT: "-1" }, 'SERVER_PORT "-1" is not allowed: use'],
  [[], { TIMEZONE: "Mars" }, 'TIMEZONE "Mars" is not an IANA time zone: use a name'],
  [
    [],
    { LOG_LEVEL: "loud" },
    'LOG_LEVEL "loud" is not allowed: use one of fatal, error, warn, info, debug, trace, silent',
  ],
  [
    [],
    { JOB_STORE_URL: "postgres://u:hunter2#x@db/c" },
    "JOB_STORE_URL contains an @ or a # after its host: use percent-encoding",
  ],
  [[], { JOB_STORE_URL: "postgres://u:hun/ter2@db/c" }, "(/ is %2F, ? is %3F, # is %23)"],
  [
    [],
    { JOB_STORE_URL: "mysql://hunter2@db" },
    "JOB_STORE_URL is not the URL of a database: use sqlite:FILE or postgres://",
  ],
  ...["postgres://a:12/hunter2@db/x", "postgres://a:12#hunter2@db/x", "postgres://a:12?hunter2@db"].map(
    (url): [string[], Record<string, string>, string] => [
      [],
      { JOB_STORE_URL: url },
      "JOB_STORE_URL contains an @ or a #",
    ],
  ),
  [["--job-store-url=sqlite:"], {}, "--job-store-url is not the URL of a database: use"],
  [
    ["--job-store-url=postgres://a:hunter2@db/c"],
    {},
    "--job-store-url contains a password, which other users can read in the list of processes: use the environment variable JOB_STORE_URL",
  ],
  [
    [],
    { BASIC_AUTH_USERNAME: "octo" },
    "BASIC_AUTH_PASSWORD is missing, and BASIC_AUTH_USERNAME is set: use both or neither",
  ],
  [
    [],
    { BASIC_AUTH_PASSWORD: "hunter2" },
    "BASIC_AUTH_USERNAME is missing, and BASIC_AUTH_PASSWORD is set: use both or neither",
  ],
  [
    [],
    { BASIC_AUTH_USERNAME: "a:b", BASIC_AUTH_PASSWORD: "hunter2" },
    'BASIC_AUTH_USERNAME "a:b" contains a colon, which ends the user name in basic authentication: use a user name without a colon',
  ],
  [
    ["--basic-auth-password=hunter2"],
    {},
    "--basic-auth-password is not a flag of this command: use the flags that serve --help shows",
  ],
  [["--port=1"], {}, "--port is not a flag of this command: use the flags that serve --help shows"],
  [["--server-prt", "1"], {}, "--server-prt is not a flag of this command: use --server-port"],
  [["--server-port"], {}, "--server-port has no value: use a value after it"],
  [["now"], {}, "Unexpected argument 'now'"],
  [
    [],
    { OIDC_AUDIENCE: "cronyx" },
    "OIDC_AUDIENCE is set without rules, so no token may use any job: use OIDC_RULES or OIDC_RULES_FILE with it",
  ],
  [[], { OIDC_RULES: RULES }, "OIDC_AUDIENCE is missing, and OIDC_RULES is set: use both or neither"],
  [[], { OIDC_AUDIENCE: "a", OIDC_RULES: RULES, OIDC_RULES_FILE: "x" }, "OIDC_RULES and OIDC_RULES_FILE are both set"],
  [["--oidc-rules={"], { OIDC_AUDIENCE: "a" }, "--oidc-rules is not JSON: use a list such as"],
  [[], { OIDC_AUDIENCE: "a", OIDC_RULES_FILE: "no" }, 'OIDC_RULES_FILE "no" cannot be read (ENOENT): use the path'],
  [
    [],
    { OIDC_AUDIENCE: "a", OIDC_RULES: RULES, OIDC_ISSUER: "http://example.com" },
    "OIDC_ISSUER is not the URL of an issuer: use a URL that begins with https://",
  ],
] as [string[], Record<string, string>, string][])("%j with %j is refused", async (args, env, message) => {
  expect(await refusalOf(args, env)).toContain(message);
  expect(await refusalOf(args, env)).not.toContain("hunter2");
});

test("help shows every setting", async () => {
  expect(await load(["--help"])).toBeNull();
  const help = helpText();
  for (const name of [
    "SERVER_PORT",
    "--server-port PORT",
    "BASIC_AUTH_PASSWORD",
    "--insecure",
    "(sqlite:./cronyx.db)",
  ]) {
    expect(help).toContain(name);
  }
  expect(help).not.toContain("--basic-auth-password");
});
