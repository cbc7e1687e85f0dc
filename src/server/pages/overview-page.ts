import { CONDITIONS, type Condition } from "../../scheduler/job-condition.ts";
import { STATE_RULES } from "./condition.ts";
import { conditionLinks, pageLinks, searchForm, searchResult } from "./filters.ts";
import { firstWorkflow, type ServerAddress } from "./first-workflow.ts";
import { type Html, html } from "./html.ts";
import { jobTable, type RowJob } from "./job-rows.ts";
import { overviewLink } from "./links.ts";
import type { Overview } from "./overview.ts";
import type { PageContext } from "./page-context.ts";
import type { Page } from "./page-layout.ts";
import { legend } from "./timeline.ts";

interface OverviewContent extends PageContext {
  readonly overview: Overview;
  /** The jobs of the overview's rows. */
  readonly jobs: readonly RowJob[];
  /** Shown above the jobs. */
  readonly note: Html | null;
  /** Whether there is any job that the caller may see. */
  readonly isEmpty: boolean;
  readonly address: ServerAddress;
}

/** All jobs, first the jobs that may need attention. */
export function overviewPage({ overview, jobs, note, isEmpty, address, ...context }: OverviewContent): Page {
  const { times } = context;
  const { selection, page } = overview;
  const asOf = { times, refresh: overviewLink({ ...selection, page }), isLive: true };
  if (isEmpty) return { title: "Jobs", asOf, main: html`${note}<h1>Jobs</h1>${firstWorkflow(address)}` };
  return {
    title: titleOf(overview),
    asOf,
    main: html`${note}<div class="top"><h1>Jobs</h1>${searchForm(selection)}</div>
${conditionLinks(overview)}${searchResult(overview)}
${jobs.length === 0 ? noJob(overview) : jobTable(jobs, overview, context)}${pageLinks(overview)}`,
    footer: legend(`${STATE_RULES} Times are in the time zone ${times.zone}.`),
  };
}

function noJob({ selection: { condition, search } }: Overview): Html {
  // The line above has the result of a search.
  if (search !== "") return html``;
  return html`<p class="sheet empty">No job is ${condition}</p>`;
}

const IN_TITLE: readonly Condition[] = CONDITIONS.filter(
  (condition) => condition !== "waiting" && condition !== "free",
);

function titleOf({ counts }: Overview): string {
  const parts = IN_TITLE.filter((condition) => counts[condition] > 0).map(
    (condition) => `${counts[condition]} ${condition}`,
  );
  return parts.length === 0 ? "Jobs" : parts.join(", ");
}
