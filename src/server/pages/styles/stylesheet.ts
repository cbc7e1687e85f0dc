import { BASE } from "./base.ts";
import { CARDS } from "./cards.ts";
import { JOBS } from "./jobs.ts";
import { THEME } from "./theme.ts";
import { TIMELINE } from "./timeline.ts";

/** The stylesheet of all pages. Contrasts meet WCAG 2.2 AA: 4.5:1 for text, 3:1 for graphics and controls. */
export const STYLESHEET = [THEME, BASE, JOBS, TIMELINE, CARDS].join("");
