import { parseArgs } from "node:util";
import { ArgumentError } from "../scheduler/argument-error.ts";
import { zoneNamed } from "../scheduler/zone.ts";
import { type OidcRule, parseOidcRules } from "./auth/oidc-rules.ts";

/** The validated settings of a server. */
export interface Configuration {
  readonly port: number;
  readonly host: string;
  readonly timezone: string;
  /** May contain a password. */
  readonly jobStoreUrl: string;
  readonly logLevel: LogLevel;
  readonly basic: { readonly username: string; readonly password: string } | null;
  /** Whether the server may listen beyond this machine, and answer any `Host`, without authentication. */
  readonly insecure: boolean;
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly rules: readonly OidcRule[] } | null;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  /** The environment variable. The flag has the same name in lower case, with hyphens. */
  readonly name: string;
  /** Stands for the value in the help text. */
  readonly placeholder: string;
  readonly fallback?: string;
  readonly about: string;
  /** It has no flag, since all users of the machine can read command lines. */
  readonly secret?: true;
}

const SETTINGS = [
  { name: "SERVER_PORT", placeholder: "PORT", fallback: "3000", about: "the port to listen on; 0 selects a free port" },
  { name: "SERVER_HOST", placeholder: "ADDRESS", fallback: "127.0.0.1", about: "the address to listen on" },
  { name: "TIMEZONE", placeholder: "ZONE", fallback: "UTC", about: "the time zone of starts that name none" },
  {
    name: "JOB_STORE_URL",
    placeholder: "URL",
    fallback: "sqlite:./cronyx.db",
    about: "the database of the locks: sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE",
  },
  { name: "LOG_LEVEL", placeholder: "LEVEL", fallback: "info", about: LOG_LEVELS.join(", ") },
  { name: "BASIC_AUTH_USERNAME", placeholder: "NAME", about: "the username of basic authentication" },
  { name: "BASIC_AUTH_PASSWORD", placeholder: "PASSWORD", about: "the password of basic authentication", secret: true },
  { name: "OIDC_AUDIENCE", placeholder: "TEXT", about: "the audience that OIDC tokens of GitHub workflows must have" },
  { name: "OIDC_RULES", placeholder: "JSON", about: "the jobs that each token may use" },
  { name: "OIDC_RULES_FILE", placeholder: "FILE", about: "a file that contains OIDC_RULES" },
  {
    name: "OIDC_ISSUER",
    placeholder: "URL",
    fallback: "https://token.actions.githubusercontent.com",
    about: "the issuer of the tokens",
  },
] as const satisfies readonly Setting[];

type SettingName = (typeof SETTINGS)[number]["name"];

/** The value of each setting, and its source for messages: the variable or the flag. */
type GivenSettings = Readonly<Record<SettingName, { readonly name: string; readonly value: string | undefined }>>;

const flagOf = (name: string) => name.toLowerCase().replaceAll("_", "-");

/** The text of `serve --help`. */
export function helpText(): string {
  const rows = SETTINGS.map((setting: Setting) => {
    const { name, placeholder, fallback, about, secret } = setting;
    const flag = secret ? "" : `--${flagOf(name)} ${placeholder}`;
    return `  ${name.padEnd(20)} ${flag.padEnd(31)} ${about}${fallback === undefined ? "" : ` (${fallback})`}`;
  });
  return `Usage: cronyx-action serve [FLAGS]

Settings are environment variables. A flag overrides its variable. The password has no flag, since other users can read command lines.

${rows.join("\n")}
  ${"".padEnd(20)} ${"--insecure".padEnd(31)} listens beyond this machine, and answers any Host, without authentication
  ${"".padEnd(20)} ${"--help".padEnd(31)} prints this help
`;
}

/**
 * @param args The arguments after `serve`.
 * @param readFile Reads OIDC_RULES_FILE.
 * @returns null for `--help`.
 * @throws ArgumentError for the first invalid setting.
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
      // compose.yaml sets a variable that is missing in .env to the empty string.
      return [
        name,
        flag === undefined ? { name, value: env[name] || fallback } : { name: `--${flagOf(name)}`, value: flag },
      ];
    }),
  ) as GivenSettings;
  const configuration = {
    port: portOf(given.SERVER_PORT),
    host: given.SERVER_HOST.value ?? "",
    timezone: zoneOf(given.TIMEZONE),
    jobStoreUrl: storeOf(given.JOB_STORE_URL, flags[flagOf("JOB_STORE_URL")] !== undefined),
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
    // The message of parseArgs names the flag but never the value, which may be secret.
    throw new ArgumentError(
      `${cause instanceof Error ? cause.message : String(cause)}. Run serve --help for all flags`,
      {
        cause,
      },
    );
  }
}

type GivenSetting = GivenSettings[SettingName];

function portOf({ name, value = "" }: GivenSetting): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
  throw new ArgumentError(`${name} is ${JSON.stringify(value)}: use a number from 0 to 65535`);
}

function zoneOf({ name, value = "" }: GivenSetting): string {
  try {
    zoneNamed(value);
    return value;
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new ArgumentError(`${name}: ${cause.message}`, { cause });
  }
}

function levelOf({ name, value }: GivenSetting): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === value);
  if (level !== undefined) return level;
  throw new ArgumentError(`${name} is ${JSON.stringify(value)}: use one of ${LOG_LEVELS.join(", ")}`);
}

/** No message shows the URL: it may contain a password, even where it does not parse. */
function storeOf({ name, value = "" }: GivenSetting, isFlag: boolean): string {
  if (!/^(sqlite:.|postgres(ql)?:\/\/.)/.test(value)) {
    throw new ArgumentError(`${name} is not a database URL: use sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE`);
  }
  // A password with an unencoded /, ? or # would end the host early, and its rest would appear in messages.
  if (/^postgres(ql)?:\/\/[^/?#]*(#|[/?].*[@#])/s.test(value)) {
    throw new ArgumentError(
      `${name} has an @ or # after its host: percent-encode the username and the password (/ is %2F, ? is %3F, # is %23)`,
    );
  }
  if (isFlag && URL.canParse(value) && new URL(value).password !== "") {
    throw new ArgumentError(
      `${name} contains a password, which other users can read on a command line: set JOB_STORE_URL instead`,
    );
  }
  return value;
}

function basicOf({ BASIC_AUTH_USERNAME: user, BASIC_AUTH_PASSWORD: secret }: GivenSettings): Configuration["basic"] {
  const [username, password] = [user.value, secret.value];
  if (!username && !password) return null;
  if (!username) throw new ArgumentError(`${user.name} is missing, but ${secret.name} is set: set both or neither`);
  if (!password) throw new ArgumentError(`${secret.name} is missing, but ${user.name} is set: set both or neither`);
  if (username.includes(":")) {
    throw new ArgumentError(
      `${user.name} is ${JSON.stringify(username)}: use a username without a colon, which ends it in a request`,
    );
  }
  return { username, password };
}

function oidcOf(given: GivenSettings, readFile: (path: string) => string): Configuration["oidc"] {
  const { OIDC_AUDIENCE: audience, OIDC_RULES: rules, OIDC_RULES_FILE: file, OIDC_ISSUER: issuer } = given;
  if (rules.value && file.value) throw new ArgumentError(`${rules.name} and ${file.name} are both set: set only one`);
  const source = rules.value ? rules : file;
  if (!audience.value && !source.value) return null;
  if (!audience.value) throw new ArgumentError(`${audience.name} is missing, but ${source.name} is set: set both`);
  if (!source.value) {
    throw new ArgumentError(
      `${audience.name} is set without rules, so no token may use any job: set ${rules.name} or ${file.name}`,
    );
  }
  const json = source === rules ? source.value : contentOf(source.name, source.value, readFile);
  return { issuer: issuerOf(issuer), audience: audience.value, rules: parseOidcRules(source.name, json) };
}

function contentOf(name: string, path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (cause) {
    throw new ArgumentError(
      `${name} is ${JSON.stringify(path)}, which cannot be read: use the path of a readable file`,
      { cause },
    );
  }
}

/** Over plain HTTP an attacker could replace the signing keys. */
function issuerOf({ name, value = "" }: GivenSetting): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (safe && url?.username === "" && url.search === "" && url.hash === "") return value;
  throw new ArgumentError(`${name} is not the URL of an issuer: use one that starts with https://, without a query`);
}

function checkReach({ host, basic, oidc, insecure }: Configuration, name: string): void {
  if (isLoopback(host) || basic !== null || oidc !== null || insecure) return;
  throw new ArgumentError(
    `${name} is ${JSON.stringify(host)}, which lets other machines use the server without authentication: set BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD, or OIDC_AUDIENCE and OIDC_RULES, or pass --insecure`,
  );
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);
}
