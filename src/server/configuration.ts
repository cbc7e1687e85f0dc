import { parseArgs } from "node:util";
import { ArgumentError } from "../errors/argument-error.ts";
import { flagRefusal } from "../errors/flag-refusal.ts";
import { type DatabaseLocation, parseDatabaseLocation } from "../location/database-location.ts";
import { isLoopback } from "../location/loopback.ts";
import { zoneNamed } from "../scheduler/zone.ts";
import { type OidcRule, parseOidcRules } from "./auth/oidc-rules.ts";

/** All that a server is told when it starts. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly timezone: string;
  readonly database: DatabaseLocation;
  readonly logLevel: LogLevel;
  readonly basic: { readonly username: string; readonly password: string } | null;
  /** Whether it may do without a login beyond this machine, and by any name. */
  readonly insecure: boolean;
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly rules: readonly OidcRule[] } | null;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  /** Its name in the environment. The flag of the same meaning is the name in small letters, with hyphens. */
  readonly name: string;
  readonly value: string;
  readonly fallback?: string;
  readonly about: string;
  /** A command line is seen by everyone on the machine. */
  readonly secret?: true;
}

const SETTINGS = [
  { name: "SERVER_PORT", value: "PORT", fallback: "3000", about: "where to listen; 0 is any port that is free" },
  { name: "SERVER_HOST", value: "ADDRESS", fallback: "127.0.0.1", about: "the address to listen on" },
  { name: "TIMEZONE", value: "ZONE", fallback: "UTC", about: "the zone of a start that names none" },
  {
    name: "JOB_STORE_URL",
    value: "URL",
    fallback: "sqlite:./cronyx.db",
    about: "where the locks are kept: sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE",
  },
  { name: "LOG_LEVEL", value: "LEVEL", fallback: "info", about: LOG_LEVELS.join(", ") },
  { name: "BASIC_AUTH_USERNAME", value: "NAME", about: "who may log in" },
  { name: "BASIC_AUTH_PASSWORD", value: "PASSWORD", about: "and by which password", secret: true },
  { name: "OIDC_AUDIENCE", value: "TEXT", about: "lets tokens of GitHub's workflows in that are for this audience" },
  { name: "OIDC_RULES", value: "JSON", about: "which tokens may use which jobs" },
  { name: "OIDC_RULES_FILE", value: "FILE", about: "a file with the same" },
  {
    name: "OIDC_ISSUER",
    value: "URL",
    fallback: "https://token.actions.githubusercontent.com",
    about: "who signs the tokens",
  },
] as const satisfies readonly Setting[];

type SettingName = (typeof SETTINGS)[number]["name"];

/** What each setting was given, and by which name, for messages. */
type Given = Readonly<Record<SettingName, { readonly name: string; readonly value: string | undefined }>>;

const flagOf = (name: string) => name.toLowerCase().replaceAll("_", "-");

/** What `serve --help` prints. */
export function helpText(): string {
  const rows = SETTINGS.map((setting: Setting) => {
    const { name, value, fallback, about, secret } = setting;
    const flag = secret ? "" : `--${flagOf(name)} ${value}`;
    return `  ${name.padEnd(20)} ${flag.padEnd(31)} ${about}${fallback === undefined ? "" : ` (${fallback})`}`;
  });
  return `Usage: cronyx-action serve [FLAGS]

Each setting is read from the environment; a flag goes before it. A password has no flag, since others can read command lines.

${rows.join("\n")}
  ${"".padEnd(20)} ${"--insecure".padEnd(31)} does without any of the logins above beyond this machine, and by any name
  ${"".padEnd(20)} ${"--help".padEnd(31)} prints this
`;
}

/**
 * @param args What follows `serve` on the command line.
 * @param readFile Reads the rules' file.
 * @returns null if help is asked for.
 * @throws ArgumentError for the first setting that is wrong.
 */
export function loadConfiguration(
  args: readonly string[],
  env: Environment,
  readFile: (path: string) => string,
): Configuration | null {
  const { flags, help, insecure } = parsedFlags(args);
  if (help) return null;
  const given = Object.fromEntries(
    SETTINGS.map((setting: Setting) => {
      const { name, fallback } = setting;
      const flag = flags[flagOf(name)];
      // Compose files set to nothing what they leave out.
      return [
        name,
        flag === undefined ? { name, value: env[name] || fallback } : { name: `--${flagOf(name)}`, value: flag },
      ];
    }),
  ) as Given;
  const configuration = {
    port: portOf(given.SERVER_PORT),
    host: given.SERVER_HOST.value ?? "",
    timezone: zoneOf(given.TIMEZONE),
    database: databaseOf(given.JOB_STORE_URL, flags[flagOf("JOB_STORE_URL")] !== undefined),
    logLevel: levelOf(given.LOG_LEVEL),
    basic: basicOf(given),
    oidc: oidcOf(given, readFile),
    insecure,
  };
  checkReach(configuration, given.SERVER_HOST.name);
  return configuration;
}

function parsedFlags(args: readonly string[]) {
  const settings = SETTINGS.filter((setting: Setting) => !setting.secret);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(settings.map(({ name }) => [flagOf(name), { type: "string" as const }])),
        insecure: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { insecure, help, ...flags } = values as { insecure: boolean; help: boolean } & Record<string, string>;
    return { flags: flags as Readonly<Record<string, string>>, insecure, help };
  } catch (cause) {
    throw flagRefusal(cause, "the flags that serve --help shows");
  }
}

type One = Given[SettingName];

function portOf({ name, value = "" }: One): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw invalid({ name, value, expected: "a number from 0 to 65535" });
}

function zoneOf({ name, value = "" }: One): string {
  try {
    zoneNamed(value);
    return value;
  } catch (cause) {
    throw cause instanceof ArgumentError ? cause.withField(name) : cause;
  }
}

function levelOf({ name, value }: One): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === value);
  if (level !== undefined) return level;
  throw invalid({ name, value, expected: `one of ${LOG_LEVELS.join(", ")}` });
}

function databaseOf({ name, value = "" }: One, isFlag: boolean): DatabaseLocation {
  const location = parseDatabaseLocation(value, name);
  if (isFlag && location.kind === "postgres" && location.url.password !== "") {
    throw new ArgumentError("credentials-in-location", {
      field: name,
      problem: "contains a password, which others can read in the list of processes",
      expected: "the environment variable JOB_STORE_URL",
    });
  }
  return location;
}

/** @param value Shown in the message: left out where it may be a secret. */
function invalid({ name, value, expected }: One & { readonly expected: string }): ArgumentError {
  return new ArgumentError("not-allowed", { field: name, value, problem: "is not allowed", expected });
}

/** Two settings that need each other, of which only one is set. */
function incomplete({ missing, given }: { readonly missing: One; readonly given: One }): ArgumentError {
  return new ArgumentError("missing", {
    field: missing.name,
    problem: `is missing, and ${given.name} is set`,
    expected: "both or neither",
  });
}

function basicOf({ BASIC_AUTH_USERNAME: user, BASIC_AUTH_PASSWORD: secret }: Given): Configuration["basic"] {
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

function oidcOf(given: Given, readFile: (path: string) => string): Configuration["oidc"] {
  const { OIDC_AUDIENCE: audience, OIDC_RULES: rules, OIDC_RULES_FILE: file, OIDC_ISSUER: issuer } = given;
  if (rules.value && file.value) {
    throw new ArgumentError("conflict", {
      field: `${rules.name} and ${file.name}`,
      problem: "are both set",
      expected: "only one of them",
    });
  }
  const source = rules.value ? rules : file;
  if (!audience.value && !source.value) return null;
  if (!audience.value) throw incomplete({ missing: audience, given: source });
  if (!source.value) {
    throw new ArgumentError("missing", {
      field: `${rules.name} or ${file.name}`,
      problem: `is missing, and ${audience.name} is set: without a rule no token is allowed anything`,
      expected: "both or neither",
    });
  }
  const json = source === rules ? source.value : contentOf(source.name, source.value, readFile);
  return { issuer: issuerOf(issuer), audience: audience.value, rules: parseOidcRules(source.name, json) };
}

function contentOf(name: string, path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    throw new ArgumentError("not-allowed", {
      field: name,
      value: path,
      problem: "cannot be read",
      expected: "a file that the server's user can read",
      cause,
    });
  }
}

/** Keys that come unencrypted could be anyone's. */
function issuerOf({ name, value = "" }: One): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (safe && url?.username === "" && url.search === "" && url.hash === "") return value;
  throw invalid({ name, value: undefined, expected: "an issuer's URL that begins with https://, without a query" });
}

function checkReach({ host, basic, oidc, insecure }: Configuration, name: string): void {
  if (isLoopback(host) || basic !== null || oidc !== null || insecure) return;
  throw new ArgumentError("not-allowed", {
    field: name,
    value: host,
    problem: "lets other machines start and end jobs without a login",
    expected: "BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD, or OIDC_AUDIENCE and OIDC_RULES, or --insecure",
  });
}
