import { expect, test } from "@jest/globals";
import { parseOidcRules } from "../../../src/server/auth/oidc-rules.ts";

test.each<[json: string, message: RegExp]>([
  ["", /^OIDC_RULES is not JSON/],
  ["{}", /^OIDC_RULES is invalid at its top level/],
  ["[]", /^OIDC_RULES is invalid at its top level/],
  ['[{"jobs":"*"}]', /^OIDC_RULES is invalid at \/0/],
  ['[{"jobs":[],"claims":{"repository":"octo-org/*"}}]', /^OIDC_RULES is invalid at \/0\/jobs/],
  ['[{"jobs":"*","claims":{"repository":7}}]', /^OIDC_RULES is invalid at \/0\/claims\/repository/],
  ['[{"jobs":"*","claims":{"repository":"octo-org/*"},"ref":"x"}]', /^OIDC_RULES is invalid at \/0/],
  ['[{"jobs":"*","claims":{}}]', /^rule 1 of OIDC_RULES has claims that match repositories of any owner/],
  [
    '[{"jobs":"*","claims":{"ref":"refs/heads/main"}}]',
    /^rule 1 of OIDC_RULES has claims that match repositories of any owner/,
  ],
  [
    '[{"jobs":"*","claims":{"repository":"*"}}]',
    /^rule 1 of OIDC_RULES has claims that match repositories of any owner/,
  ],
  [
    '[{"jobs":"*","claims":{"repository":"octo*/app"}}]',
    /^rule 1 of OIDC_RULES has claims that match repositories of any owner/,
  ],
  [
    '[{"jobs":"*","claims":{"repository":["octo-org/*","**"]}}]',
    /^rule 1 of OIDC_RULES has claims that match repositories of any owner/,
  ],
  [
    '[{"jobs":"*","claims":{"repository_owner":"octo*"}}]',
    /^rule 1 of OIDC_RULES has claims that match repositories of any owner/,
  ],
] as [string, RegExp][])("%s is refused", (json, message) => {
  expect(() => parseOidcRules("OIDC_RULES", json)).toThrow(message);
});
