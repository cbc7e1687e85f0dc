import { holderLine, oneLine } from "../../backend/one-line.ts";
import type { Holder } from "../../scheduler/state-document.ts";
import { type Html, html } from "./html.ts";

// All links to pages of the server's own are queries alone: they hold wherever a proxy puts the server's paths.

/** A URL that others wrote, if it is one of the web: a state document may hold any text. */
export function webUrl(text: string | null | undefined): string | null {
  if (!text || !URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : null;
}

/** A job's name as others wrote it: shown as it reads, and without power over the text around it. */
export function nameElement(name: string): Html {
  return html`<bdi>${oneLine(name)}</bdi>`;
}

/** Who holds a lock, as they said themselves, with a link to the run. */
export function holderElement(holder: Holder | null): Html {
  const { runUrl, ...named } = holder ?? {};
  const name = html`<bdi>${holderLine(named)}</bdi>`;
  const url = webUrl(runUrl);
  return url === null ? name : html`<a href="${url}" rel="noopener noreferrer">${name}</a>`;
}

/** `?name=…`. A parameter that is empty is left out. */
export function queryLink(parameters: Readonly<Record<string, string | number>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  // A link of nothing but "?" is one to the page without a query.
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
