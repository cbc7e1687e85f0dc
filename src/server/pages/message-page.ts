import { html } from "./html.ts";
import type { Page } from "./page-layout.ts";

/** What else is answered to a browser: that something isn't there, isn't allowed, or went wrong. */
export function messagePage(title: string, message: string): Page {
  return {
    title,
    main: html`<div class="sheet card"><h1>${title}</h1><p>${message}.</p><p class="actions"><a class="button" href="?">All jobs</a></p></div>`,
  };
}
