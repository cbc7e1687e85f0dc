import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { ArgumentError } from "../../errors/argument-error.ts";

const Patterns = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
]);

const Rules = Type.Array(
  Type.Object(
    {
      jobs: Patterns,
      requires: Type.Optional(Patterns),
      skip: Type.Optional(Type.Boolean()),
      claims: Type.Record(Type.String({ minLength: 1 }), Patterns),
    },
    { additionalProperties: false },
  ),
  { minItems: 1 },
);

/** Whether a text matches the pattern. */
type Pattern = (text: string) => boolean;

/**
 * A token that has every claim of a rule may use the rule's `jobs`, and may name the jobs in `requires` as required jobs.
 * A request that no rule allows is denied.
 * In a pattern `*` matches any characters but `/`, and `**` matches any characters, as in GitHub's workflow filters.
 */
export interface OidcRule {
  readonly jobs: readonly Pattern[];
  readonly requires: readonly Pattern[];
  /** Whether the token may skip intervals of the jobs. */
  readonly skip: boolean;
  readonly claims: readonly { readonly name: string; readonly patterns: readonly Pattern[] }[];
}

const EXAMPLE = 'a list such as [{"jobs":"report-*","claims":{"repository":"octo-org/*","ref":"refs/heads/main"}}]';

/**
 * @param source The name of the setting that holds the JSON, for messages.
 * @throws ArgumentError that names the first invalid rule.
 */
export function parseOidcRules(source: string, json: string): readonly OidcRule[] {
  const rules = validatedRules(source, json);
  for (const [at, { claims }] of rules.entries()) {
    if (Object.entries(claims).some(([name, patterns]) => isLimitedToOneOwner(name, listOf(patterns)))) continue;
    // GitHub signs tokens for every repository, so a rule without an owner would admit strangers.
    throw new ArgumentError("not-allowed", {
      field: `rule ${at + 1} of ${source}`,
      problem: "has claims that match repositories of any owner",
      expected: `one of ${OWNER_CLAIMS.join(", ")} without a pattern, or a repository such as octo-org/*`,
    });
  }
  return rules.map(({ jobs, requires = [], skip = false, claims }) => ({
    jobs: listOf(jobs).map(compilePattern),
    skip,
    requires: listOf(requires).map(compilePattern),
    claims: Object.entries(claims).map(([name, patterns]) => ({
      name,
      patterns: listOf(patterns).map(compilePattern),
    })),
  }));
}

/** @returns the rules that a token satisfies: it has each of their claims. */
export function rulesFor(rules: readonly OidcRule[], claims: Readonly<Record<string, unknown>>): readonly OidcRule[] {
  return rules.filter((rule) => rule.claims.every(({ name, patterns }) => matchesAny(patterns, claims[name])));
}

export function matchesAny(patterns: readonly Pattern[], value: unknown): boolean {
  return typeof value === "string" && patterns.some((pattern) => pattern(value));
}

function validatedRules(source: string, json: string): Static<typeof Rules> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ArgumentError("wrong-type", { field: source, problem: "is not JSON", expected: EXAMPLE, cause });
  }
  const check = Compile(Rules);
  if (check.Check(parsed)) return parsed;
  const where = check.Errors(parsed)[0]?.instancePath || "its top level";
  throw new ArgumentError("wrong-type", { field: source, problem: `is invalid at ${where}`, expected: EXAMPLE });
}

/** Claims whose value belongs to one owner: https://docs.github.com/en/actions/reference/security/oidc */
const OWNER_CLAIMS = ["repository_owner", "repository_owner_id", "repository_id", "enterprise", "enterprise_id"];

function isLimitedToOneOwner(claim: string, patterns: readonly string[]): boolean {
  if (claim === "repository") return patterns.every((pattern) => /^[^*/]+\/./.test(pattern));
  return OWNER_CLAIMS.includes(claim) && patterns.every((pattern) => !pattern.includes("*"));
}

/**
 * Compiles a pattern. A regular expression would backtrack: `*-*-*-*` against a name of many hyphens takes millions of
 * steps. This matcher advances all possible positions in the pattern at once, so its time is linear in the text's length.
 */
function compilePattern(pattern: string): Pattern {
  const parts = pattern.match(/\*+|[^*]/gu) ?? [];
  const isStar = parts.map((part) => part.startsWith("*"));
  const firstLiteral = isStar.indexOf(false);
  return (text) => {
    // reached[n]: whether the first n parts match the text so far. A star matches the empty text too.
    const reached = new Array<boolean>(parts.length + 1).fill(false);
    reached.fill(true, 0, (firstLiteral === -1 ? parts.length : firstLiteral) + 1);
    for (const character of text) {
      let before = reached[0];
      reached[0] = false;
      for (let at = 0; at < parts.length; at++) {
        const here = reached[at + 1];
        if (!isStar[at]) reached[at + 1] = before === true && parts[at] === character;
        else reached[at + 1] = reached[at] === true || (here === true && (character !== "/" || parts[at] !== "*"));
        before = here;
      }
    }
    return reached[parts.length] === true;
  };
}

function listOf(patterns: Static<typeof Patterns>): readonly string[] {
  return typeof patterns === "string" ? [patterns] : patterns;
}
