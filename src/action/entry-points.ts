/**
 * The entry points of the bundle. `build/build.mjs` writes a file `dist/action/NAME.js` for each function here, which
 * calls it. A function imports its modules itself, so that a process loads only the modules of its own entry point.
 */
export const main = async () => (await import(/* webpackMode: "eager" */ "./main.ts")).main();
export const post = async () => (await import(/* webpackMode: "eager" */ "./post.ts")).post();
export const start = async () => (await import(/* webpackChunkName: "across-jobs" */ "./start.ts")).start();
export const end = async () => (await import(/* webpackChunkName: "across-jobs" */ "./end.ts")).end();
export const backfill = async () => (await import(/* webpackChunkName: "backfill" */ "./backfill.ts")).backfill();
export const status = async () => (await import(/* webpackChunkName: "status" */ "./status.ts")).status();
