import { oneLine } from "../../backend/one-line.ts";
import { CONDITIONS } from "../../scheduler/job-condition.ts";
import { type Html, html } from "./html.ts";
import { CONDITION_NAMES } from "./job-rows.ts";
import { overviewLink } from "./links.ts";
import { type Overview, PAGE_SIZE } from "./overview.ts";

/** Links to the jobs in one condition, each with their number. A condition without jobs has none. */
export function conditionLinks({ selection, counts }: Overview): Html {
  const total = Object.values(counts).reduce((sum, number) => sum + number, 0);
  const link = (condition: typeof selection.condition, label: string, number: number) => {
    const isCurrent = selection.condition === condition;
    return html`<a class="filter ${condition ?? "all"}" href="${overviewLink({ ...selection, condition, page: 1 })}"${isCurrent ? html` aria-current="true"` : null}>${label} <span class="number">${number}</span></a>`;
  };
  const links = CONDITIONS.filter((condition) => counts[condition] > 0 || condition === selection.condition).map(
    (condition) => link(condition, CONDITION_NAMES[condition], counts[condition]),
  );
  return html`<nav class="filters" aria-label="States">${link(null, "All", total)}${links}</nav>`;
}

/** Searching keeps the selected condition and order. */
export function searchForm({ search, condition, sort }: Overview["selection"]): Html {
  return html`<search><form class="search" method="get" action="?"><label class="hidden" for="search">Part of a name</label><input id="search" name="search" type="search" value="${search}" placeholder="Part of a name" maxlength="255" autocomplete="off" spellcheck="false">${
    condition === null ? null : html`<input type="hidden" name="state" value="${condition}">`
  }${sort === "urgency" ? null : html`<input type="hidden" name="sort" value="${sort}">`}<button type="submit">Search</button></form></search>`;
}

export function searchResult({ found, selection }: Overview): Html | null {
  const { search, condition } = selection;
  if (search === "") return null;
  const state = condition === null ? "" : `${condition} `;
  return html`<p class="result" role="status">${found === 1 ? `1 ${state}job has` : `${found} ${state}jobs have`} “<bdi>${oneLine(search)}</bdi>” in the name. <a href="${overviewLink({ ...selection, search: "", page: 1 })}">Show all</a></p>`;
}

/** Links to the first, the last and the nearest pages. */
export function pageLinks({ page, pages, found, rows, selection }: Overview): Html | null {
  if (pages === 1) return null;
  const from = (page - 1) * PAGE_SIZE + 1;
  const link = (to: number, label: Html | string, rel: Html | null = null) =>
    html`<a href="${overviewLink({ ...selection, page: to })}"${rel}>${label}</a>`;
  const numbers = shownPages(page, pages).map((number, at, all) => {
    const gap = at > 0 && number > (all[at - 1] ?? 0) + 1 ? html`<li class="gap">…</li>` : null;
    const label = html`<span class="hidden">Page </span>${number}`;
    return html`${gap}<li>${number === page ? html`<a href="${overviewLink({ ...selection, page })}" aria-current="page">${label}</a>` : link(number, label)}</li>`;
  });
  return html`<nav class="pages" aria-label="Pages">${page > 1 ? link(page - 1, "Previous", html` rel="prev"`) : null}<ol role="list">${numbers}</ol>${page < pages ? link(page + 1, "Next", html` rel="next"`) : null}<p class="faint">${from} to ${from + rows.length - 1} of ${found}</p></nav>`;
}

/** For example 1, 8, 9, 10, 20. A gap of a single page would be as wide as its number, so the number is there instead. */
export function shownPages(page: number, pages: number): readonly number[] {
  const near = [1, page - 1, page, page + 1, pages];
  if (page === 4) near.push(2);
  if (page === pages - 3) near.push(pages - 1);
  return [...new Set(near)].filter((number) => number >= 1 && number <= pages).toSorted((a, b) => a - b);
}
