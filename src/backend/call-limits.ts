/** How long the requests of a start or an end are repeated, unless the caller says otherwise. A lost end makes an interval run again. */
export const DEFAULT_DEADLINE = { start: 60_000, end: 10 * 60_000 } as const;
/** In milliseconds. Stores remember the ids of ended locks for an hour, and no start may be repeated after that. */
export const DEADLINES = { least: 1000, most: 30 * 60_000 } as const;
/** How long a refused start may be repeated, in milliseconds: up to as long as a job may run on a self-hosted runner. */
export const WAITS = { least: 1000, most: 5 * 24 * 60 * 60_000 } as const;
