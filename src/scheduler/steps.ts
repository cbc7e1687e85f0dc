import type { Instant } from "./instant.ts";

/**
 * An interval made ready to step with: `add` goes to its next instant, `sub` to its previous one. Either always moves
 * time. The rules stand in docs/semantics.md, "Steps".
 */
export interface Steps {
  add(instant: Instant): Instant;
  sub(instant: Instant): Instant;
}
