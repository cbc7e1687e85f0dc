import { createHash } from "node:crypto";
import { Html, html } from "./html.ts";
import { REFRESH_SCRIPT } from "./refresh-script.ts";
import { STYLESHEET } from "./styles/stylesheet.ts";
import type { TimeFormatter } from "./time-formatter.ts";

export interface Page {
  /** The part of the document's title before the server's name. */
  readonly title: string;
  readonly main: Html;
  readonly footer?: Html;
  /** When the page's data was read. Left out for a page without data. */
  readonly asOf?: AsOf;
}

interface AsOf {
  readonly times: TimeFormatter;
  /** The link that reads the data again. */
  readonly refresh: string;
  /** Whether the page refreshes itself. A page that asks for confirmation must stay as its reader saw it. */
  readonly isLive?: boolean;
}

const stylesheet = new Html(STYLESHEET);
const script = new Html(REFRESH_SCRIPT);

/** Without an icon, browsers request /favicon.ico, which would be a job's name. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%231b2230'/%3E%3Cpath d='M4 12V8M8 12V4M12 12V6' stroke='%234fb581' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E";

/** The whole HTML document. It loads no other resource, and works without its script. */
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
<header><a class="home" href="?">CronyxServer</a>${asOf === undefined ? null : asOfLine(asOf)}</header>
<main>
${main}
</main>
${footer === undefined ? null : html`<footer>${footer}</footer>\n`}${asOf?.isLive ? html`<script>${script}</script>\n` : null}</body>
</html>
`.text;
}

/** The button is hidden until the script gives it a text and a function. */
function asOfLine({ times, refresh, isLive = false }: AsOf): Html {
  const button = html` <button id="pause" type="button" hidden></button>`;
  return html` <p class="asof"><span id="asof"><span class="wide">As of </span>${times.element(times.now)}<span class="wide">, ${times.zone}</span></span> · <a id="refresh" href="${refresh}">Refresh</a>${isLive ? button : null} <span id="stale" role="alert"></span></p>`;
}

/**
 * Even if markup were injected, it could run no other script and load nothing from other hosts. No other site can frame a page.
 * The referrer policy must keep `Origin` in requests to the server itself: same-origin.ts needs it from browsers that send
 * no `Sec-Fetch-Site`.
 */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${hashOf(STYLESHEET)}`,
    `script-src ${hashOf(REFRESH_SCRIPT)}`,
    "connect-src 'self'",
    "img-src data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** A source of the policy that allows exactly this text. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
