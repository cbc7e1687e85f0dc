import { html } from "./html.ts";
import type { Page } from "./page-layout.ts";

/** A page for an error message. */
export function messagePage(title: string, message: string): Page {
  return {
    title,
    main: html`<div class="sheet card"><h1>${title}</h1><p>${message}.</p><p class="actions"><a class="button" href="?">All jobs</a></p></div>`,
  };
}
