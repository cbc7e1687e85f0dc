import { parseArgs } from "node:util";
import { ArgumentError } from "../errors/argument-error.ts";
import { flagRefusal } from "../errors/flag-refusal.ts";
import { type DatabaseLocation, parseDatabaseLocation } from "../location/database-location.ts";
import { isLoopback } from "../location/loopback.ts";
import type { Environment } from "../network/environment.ts";
import { checkJobName } from "../scheduler/job-name.ts";
import { zoneNamed } from "../scheduler/zone.ts";
import type { OidcRule } from "./auth/oidc-rules.ts";
import { flagOf, type GivenSetting, type GivenSettings, LOG_LEVELS, SETTINGS, type Setting } from "./settings.ts";

/** The validated settings of a server. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly timezone: string;
  readonly database: DatabaseLocation;
  readonly logLevel: LogLevel;
  readonly basic: { readonly username: string; readonly password: string } | null;
  /** Whether the server may listen beyond this machine, and answer any `Host`, without authentication. */
  readonly insecure: boolean;
  /** The names of the jobs that have gauges of their own in `/metrics`. */
  readonly metricsJobs: readonly string[];
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly rules: readonly OidcRule[] } | null;
}

type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * @param args The arguments after `serve`.
 * @param readFile Reads OIDC_RULES_FILE.
 * @returns null for `--help`.
 * @throws ArgumentError for the first invalid setting.
 */
export async function loadConfiguration(
  args: readonly string[],
  env: Environment,
  readFile: (path: string) => string,
): Promise<Configuration | null> {
  const { flags, help, insecure } = parsedFlags(args);
  if (help) return null;
  const given = Object.fromEntries(
    SETTINGS.map((setting: Setting) => {
      const { name, fallback } = setting;
      const flag = flags[flagOf(name)];
      if (flag !== undefined) return [name, { name: `--${flagOf(name)}`, value: flag, isFallback: false }];
      // compose.yaml sets a variable that is missing in .env to the empty string.
      return [name, { name, value: env[name] || fallback, isFallback: !env[name] }];
    }),
  ) as GivenSettings;
  const configuration = {
    port: portOf(given.SERVER_PORT),
    host: given.SERVER_HOST.value ?? "",
    timezone: zoneOf(given.TIMEZONE),
    database: databaseOf(given.JOB_STORE_URL, flags[flagOf("JOB_STORE_URL")] !== undefined),
    logLevel: levelOf(given.LOG_LEVEL),
    metricsJobs: metricsJobsOf(given.METRICS_JOBS),
    basic: basicOf(given),
    oidc: await oidcOf(given, readFile),
    insecure,
  };
  checkExposure(configuration, given.SERVER_HOST.name);
  return configuration;
}

function parsedFlags(args: readonly string[]) {
  const names = SETTINGS.filter((setting: Setting) => !setting.secret).map(({ name }) => flagOf(name));
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    insecure: { type: "boolean" as const, default: false },
    help: { type: "boolean" as const, short: "h", default: false },
  };
  try {
    const { values } = parseArgs({ args: [...args], options });
    const { insecure, help, ...flags } = values as { insecure: boolean; help: boolean } & Record<string, string>;
    return { flags: flags as Readonly<Record<string, string>>, insecure, help };
  } catch (cause) {
    throw flagRefusal(cause, { flags: Object.keys(options), help: "serve --help" });
  }
}

function portOf({ name, value = "" }: GivenSetting): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw invalid({ name, value, expected: "a number from 0 to 65535" });
}

function zoneOf({ name, value = "" }: GivenSetting): string {
  try {
    zoneNamed(value);
    return value;
  } catch (cause) {
    throw cause instanceof ArgumentError ? cause.withField(name) : cause;
  }
}

function levelOf({ name, value }: GivenSetting): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === value);
  if (level !== undefined) return level;
  throw invalid({ name, value, expected: `one of ${LOG_LEVELS.join(", ")}` });
}

/** Each job makes three time series, and each scrape reads its state. */
const MOST_METRICS_JOBS = 100;

function metricsJobsOf({ name, value = "" }: GivenSetting): readonly string[] {
  const jobNames = value
    .split(",")
    .map((jobName) => jobName.trim())
    .filter((jobName) => jobName !== "");
  const distinct = [...new Set(jobNames)];
  if (distinct.length > MOST_METRICS_JOBS) {
    throw new ArgumentError("out-of-range", {
      field: name,
      problem: `lists ${distinct.length} jobs`,
      expected: `at most ${MOST_METRICS_JOBS} jobs`,
    });
  }
  return distinct.map((jobName) => checkJobName(jobName, name));
}

function databaseOf({ name, value = "" }: GivenSetting, isFlag: boolean): DatabaseLocation {
  const location = parseDatabaseLocation(value, name);
  if (isFlag && location.kind === "postgres" && location.url.password !== "") {
    throw new ArgumentError("credentials-in-location", {
      field: name,
      problem: "contains a password, which other users can read in the list of processes",
      expected: "the environment variable JOB_STORE_URL",
    });
  }
  return location;
}

function invalid({
  name,
  value,
  expected,
}: Pick<GivenSetting, "name" | "value"> & { readonly expected: string }): ArgumentError {
  return new ArgumentError("not-allowed", { field: name, value, problem: "is not allowed", expected });
}

/** @returns the error for one of two settings that need each other, if only the other one is set. */
function incomplete({
  missing,
  given,
}: {
  readonly missing: GivenSetting;
  readonly given: GivenSetting;
}): ArgumentError {
  return new ArgumentError("incomplete-login", {
    field: missing.name,
    problem: `is missing, and ${given.name} is set`,
    expected: "both or neither",
  });
}

function basicOf({ BASIC_AUTH_USERNAME: user, BASIC_AUTH_PASSWORD: secret }: GivenSettings): Configuration["basic"] {
  const [username, password] = [user.value, secret.value];
  if (!username && !password) return null;
  if (!username) throw incomplete({ missing: user, given: secret });
  if (!password) throw incomplete({ missing: secret, given: user });
  if (username.includes(":")) {
    throw new ArgumentError("invalid-login", {
      field: user.name,
      value: username,
      problem: "contains a colon, which ends the user name in basic authentication",
      expected: "a user name without a colon",
    });
  }
  return { username, password };
}

async function oidcOf(given: GivenSettings, readFile: (path: string) => string): Promise<Configuration["oidc"]> {
  const { OIDC_AUDIENCE: audience, OIDC_RULES: rules, OIDC_RULES_FILE: file, OIDC_ISSUER: issuer } = given;
  if (rules.value && file.value) {
    throw new ArgumentError("conflict", {
      field: `${rules.name} and ${file.name}`,
      problem: "are both set",
      expected: "only one of them",
    });
  }
  const source = rules.value ? rules : file;
  if (!audience.value && !source.value) {
    if (issuer.isFallback) return null;
    throw new ArgumentError("incomplete-login", {
      field: issuer.name,
      problem: "is set without an audience and rules, so no token would be checked",
      expected: `${audience.name} and ${rules.name} with it`,
    });
  }
  if (!audience.value) throw incomplete({ missing: audience, given: source });
  if (!source.value) {
    throw new ArgumentError("incomplete-login", {
      field: audience.name,
      problem: "is set without rules, so no token may use any job",
      expected: `${rules.name} or ${file.name} with it`,
    });
  }
  const json = source === rules ? source.value : contentOf(source.name, source.value, readFile);
  // TypeBox's compiler, which checks the rules, takes 0.2 s to load.
  const { parseOidcRules } = await import("./auth/oidc-rules.ts");
  return { issuer: issuerOf(issuer), audience: audience.value, rules: parseOidcRules(source.name, json) };
}

function contentOf(name: string, path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    throw new ArgumentError("not-allowed", {
      field: name,
      value: path,
      problem: `cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      expected: "the path of a file that the server's user can read",
      cause,
    });
  }
}

/** Over plain HTTP an attacker could replace the signing keys. */
function issuerOf({ name, value = "" }: GivenSetting): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (safe && url?.username === "" && url.search === "" && url.hash === "") return value;
  // The URL may hold a password.
  throw new ArgumentError("not-allowed", {
    field: name,
    problem: "is not the URL of an issuer",
    expected: "a URL that begins with https://, without credentials or a query",
  });
}

/** @throws ArgumentError for a server that other machines reach without a login. */
function checkExposure({ host, basic, oidc, insecure }: Configuration, name: string): void {
  if (isLoopback(host) || basic !== null || oidc !== null || insecure) return;
  throw new ArgumentError("not-allowed", {
    field: name,
    value: host,
    problem: "lets other machines start and end jobs without a login",
    expected: "BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD, or OIDC_AUDIENCE and OIDC_RULES, or --insecure",
  });
}
