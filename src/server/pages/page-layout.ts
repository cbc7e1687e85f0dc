import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { STYLESHEET } from "./stylesheet.ts";
import type { TimeFormatter } from "./time-formatter.ts";

export interface Page {
  /** The part of the document's title before the server's name. */
  readonly title: string;
  readonly main: Html;
  readonly footer?: Html;
  /** When the page's data was read, and the link that reads it again. Left out for a page without data. */
  readonly asOf?: { readonly times: TimeFormatter; readonly refresh: string };
}

const stylesheet = new Html(STYLESHEET);

/** Without an icon, browsers request /favicon.ico, which would be a job's name. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%231b2230'/%3E%3Cpath d='M4 12V8M8 12V4M12 12V6' stroke='%234fb581' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E";

/** The whole HTML document. It contains no script and loads no other resource. */
export function renderPage({ title, main, footer, asOf }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · CronyxServer</title>
<link rel="icon" href="${ICON}">
<style>${stylesheet}</style>
</head>
<body>
<header><a class="home" href="?">CronyxServer</a>${
    asOf === undefined
      ? null
      : html` <p class="asof">As of ${asOf.times.element(asOf.times.now)}, ${asOf.times.zone} · <a href="${asOf.refresh}">Refresh</a></p>`
  }</header>
<main>
${main}
</main>
${footer === undefined ? null : html`<footer>${footer}</footer>\n`}</body>
</html>
`.text;
}

/**
 * Even if markup were injected, it could run no script and load nothing from other hosts. No other site can frame a page.
 * The referrer policy must keep `Origin` in requests to the server itself: same-origin.ts needs it from browsers that send
 * no `Sec-Fetch-Site`.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(STYLESHEET).digest("base64")}'`,
    "img-src data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};
