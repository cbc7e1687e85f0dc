import { holderLine, oneLine } from "../../backend/one-line.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";
import type { Selection } from "./overview.ts";

/** The URL in a text if it is an http or https URL: links must not run `javascript:` URLs from a state document. */
export function webUrl(text: string | null | undefined): string | null {
  if (!text || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : null;
}

/** `bdi` keeps a right-to-left job name from reordering the text around it. */
export function nameElement(name: string): Html {
  return html`<bdi>${oneLine(name)}</bdi>`;
}

/** The holder's own description of itself, linked to its run. */
export function holderElement(holder: Holder | null): Html {
  const { runUrl, ...fields } = holder ?? {};
  const name = html`<bdi>${holderLine(fields)}</bdi>`;
  const url = webUrl(runUrl);
  return url === null ? name : html`<a href="${url}" rel="noopener noreferrer">${name}</a>`;
}

/**
 * A link to another of the server's pages, such as `?name=report`. It has no path, so that it works under any path prefix
 * that a proxy adds. Empty parameters are left out.
 */
export function queryLink(parameters: Readonly<Record<string, string | number>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** A link to the overview of the selected jobs. */
export function overviewLink({ search, condition, sort, page }: Selection): string {
  return queryLink({
    search,
    state: condition ?? "",
    sort: sort === "urgency" ? "" : sort,
    page: page === 1 ? "" : page,
  });
}
