import { expect, test } from "@jest/globals";
import { parseOidcRules } from "../../../src/server/auth/oidc-rules.ts";

test.each<[json: string, message: RegExp]>([
  ["", /^OIDC_RULES is no JSON/],
  ["{}", /^OIDC_RULES is wrong at the whole/],
  ["[]", /^OIDC_RULES is wrong at the whole/],
  ['[{"jobs":"*"}]', /^OIDC_RULES is wrong at \/0/],
  ['[{"jobs":[],"claims":{"repository":"octo-org/*"}}]', /^OIDC_RULES is wrong at \/0\/jobs/],
  ['[{"jobs":"*","claims":{"repository":7}}]', /^OIDC_RULES is wrong at \/0\/claims\/repository/],
  ['[{"jobs":"*","claims":{"repository":"octo-org/*"},"ref":"x"}]', /^OIDC_RULES is wrong at \/0/],
  ['[{"jobs":"*","claims":{}}]', /rule 1 let anyone in/],
  ['[{"jobs":"*","claims":{"ref":"refs/heads/main"}}]', /rule 1 let anyone in/],
  ['[{"jobs":"*","claims":{"repository":"*"}}]', /rule 1 let anyone in/],
  ['[{"jobs":"*","claims":{"repository":"octo*/app"}}]', /rule 1 let anyone in/],
  ['[{"jobs":"*","claims":{"repository":["octo-org/*","**"]}}]', /rule 1 let anyone in/],
  ['[{"jobs":"*","claims":{"repository_owner":"octo*"}}]', /rule 1 let anyone in/],
] as [string, RegExp][])("%s is refused", (json, message) => {
  expect(() => parseOidcRules("OIDC_RULES", json)).toThrow(message);
});
