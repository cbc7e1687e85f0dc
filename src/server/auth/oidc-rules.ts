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
      claims: Type.Record(Type.String({ minLength: 1 }), Patterns),
    },
    { additionalProperties: false },
  ),
  { minItems: 1 },
);

/** Whether a text is one that a pattern stands for. */
type Pattern = (text: string) => boolean;

/**
 * Which tokens may use which jobs: a token that has every claim of a rule may use its jobs, and may have a start wait for
 * the jobs that the rule says it requires. What no rule allows is denied.
 * In a pattern `*` stands for any characters but `/`, and `**` for any, as in the filters of GitHub's workflows.
 */
export interface OidcRule {
  readonly jobs: readonly Pattern[];
  readonly requires: readonly Pattern[];
  readonly claims: readonly { readonly name: string; readonly patterns: readonly Pattern[] }[];
}

const FORM = 'a list such as [{"jobs":"report-*","claims":{"repository":"octo-org/*","ref":"refs/heads/main"}}]';

/** @throws ArgumentError that names the first rule that is wrong. */
export function parseOidcRules(source: string, json: string): readonly OidcRule[] {
  const rules = checked(source, json);
  for (const [at, { claims }] of rules.entries()) {
    if (Object.entries(claims).some(([name, patterns]) => isOfOneOwner(name, listOf(patterns)))) continue;
    // A public issuer signs tokens for everyone.
    throw new ArgumentError("not-allowed", {
      field: `rule ${at + 1} of ${source}`,
      problem: "has claims that every repository on GitHub can have",
      expected: `one of ${OWNED.join(", ")} without a pattern, or a repository such as octo-org/*`,
    });
  }
  return rules.map(({ jobs, requires = [], claims }) => ({
    jobs: listOf(jobs).map(matcher),
    requires: listOf(requires).map(matcher),
    claims: Object.entries(claims).map(([name, patterns]) => ({ name, patterns: listOf(patterns).map(matcher) })),
  }));
}

/** The rules whose claims a token has. */
export function rulesFor(rules: readonly OidcRule[], claims: Readonly<Record<string, unknown>>): readonly OidcRule[] {
  return rules.filter((rule) => rule.claims.every(({ name, patterns }) => matches(patterns, claims[name])));
}

export function matches(patterns: readonly Pattern[], value: unknown): boolean {
  return typeof value === "string" && patterns.some((pattern) => pattern(value));
}

function checked(source: string, json: string): Static<typeof Rules> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new ArgumentError("wrong-type", { field: source, problem: "is not JSON", expected: FORM, cause });
  }
  const check = Compile(Rules);
  if (check.Check(parsed)) return parsed;
  const where = check.Errors(parsed)[0]?.instancePath || "the whole";
  throw new ArgumentError("wrong-type", { field: source, problem: `is wrong at ${where}`, expected: FORM });
}

/** Claims that GitHub gives to one owner: https://docs.github.com/en/actions/reference/security/oidc */
const OWNED = ["repository_owner", "repository_owner_id", "repository_id", "enterprise", "enterprise_id"];

function isOfOneOwner(claim: string, patterns: readonly string[]): boolean {
  if (claim === "repository") return patterns.every((pattern) => /^[^*/]+\/./.test(pattern));
  return OWNED.includes(claim) && patterns.every((pattern) => !pattern.includes("*"));
}

/**
 * A regular expression would try one way after the other, of which a name of many hyphens has millions in a pattern such as
 * `*-*-*-*`: here all places of the pattern that the text may have come to are kept side by side.
 */
function matcher(pattern: string): Pattern {
  const parts = pattern.match(/\*+|[^*]/gu) ?? [];
  const isStar = parts.map((part) => part.startsWith("*"));
  const beginning = isStar.indexOf(false);
  return (text) => {
    // Whether so many of the parts may stand for the text so far; a star may stand for nothing.
    const reached = new Array<boolean>(parts.length + 1).fill(false);
    reached.fill(true, 0, (beginning === -1 ? parts.length : beginning) + 1);
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
