export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** A setting as the help text describes it. */
export interface Setting {
  /** The environment variable. The flag has the same name in lower case, with hyphens. */
  readonly name: string;
  /** Stands for the value in the help text. */
  readonly placeholder: string;
  readonly fallback?: string;
  readonly about: string;
  /** It has no flag, since all users of the machine can read command lines. */
  readonly secret?: true;
}

export const SETTINGS = [
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
  {
    name: "METRICS_JOBS",
    placeholder: "NAMES",
    about: "the jobs with gauges of their own in /metrics, separated by commas",
  },
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

/** A setting as the environment or a flag gives it. */
export interface GivenSetting {
  /** The source, for messages: the variable or the flag. */
  readonly name: string;
  readonly value: string | undefined;
  readonly isFallback: boolean;
}

export type GivenSettings = Readonly<Record<SettingName, GivenSetting>>;

/** @returns the flag of a setting, without its hyphens. */
export function flagOf(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

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
