import { deadlineIn } from "../../src/network/deadline.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import type { RunningServer } from "./running-server.ts";

// The path `/` of a server, as a browser and a client use it.

export const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8" };
export const OWN_PAGE = {
  ...BROWSER,
  "sec-fetch-site": "same-origin",
  "content-type": "application/x-www-form-urlencoded",
};

export async function writeTo({ store }: RunningServer, states: readonly JobState[]): Promise<void> {
  await Promise.all(states.map((one) => store.swap(null, one, deadlineIn(1_000))));
}

/** @returns the JSON of the list of jobs. */
export async function listOf(server: RunningServer, query = "") {
  return (await server.send("GET", `/${query}`)).json;
}

/** @returns the page that a browser gets. */
export function pageOf(server: RunningServer, query = "", headers = {}) {
  return server.send("GET", `/${query}`, { headers: { ...BROWSER, ...headers } });
}

/** The text of a page, without its stylesheet and its script. */
export const wordsOf = ({ text }: { text: string }) =>
  text.replace(/<(style|script)>.*?<\/\1>/gs, "").replace(/<[^>]+>/g, "");
/** The names in the order that a page has them. */
export const headings = ({ text }: { text: string }) =>
  [...text.matchAll(/<a class="name".*?<bdi>(.*?)<\/bdi>/g)].map(([, name]) => name);
/** The numbers above the sections, and the numbers of rows in the sections. */
export const sectionsOf = ({ text }: { text: string }) =>
  text
    .split('<tr class="section"')
    .slice(1)
    .map((part) => [
      /<h2 id="(\w+)">/.exec(part)?.[1],
      /<span class="number">(\d+)</.exec(part)?.[1],
      headings({ text: part }),
    ]);
export const filtersOf = ({ text }: { text: string }) =>
  [...text.matchAll(/<a class="filter .*?href="(.*?)".*?>(\w+) <span class="number">(\d+)</g)].map(
    ([, href, label, number]) => [label, Number(number), href?.replaceAll("&#38;", "&")],
  );
