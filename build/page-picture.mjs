// Makes docs/pictures/page.png, the server's page with thirteen jobs: `npm run pictures`. It needs Chromium. The server's
// clock stands still, so the picture only changes with the page, with Chromium and with the fonts of the machine.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { deadlineIn } from "../src/network/deadline.ts";
import { CHROMIUM_FLAGS, findChromium } from "../testing/browser/chromium.ts";
import { Clock, runServer } from "../testing/servers/running-server.ts";
import { exampleJobs } from "../testing/states/example-jobs.ts";
import { smallPng } from "./small-png.mjs";

const FILE = path.join(import.meta.dirname, "..", "docs", "pictures", "page.png");
const WIDTH = 1280;
const MOST_BYTES = 150_000;
/** A time at which the times of the jobs differ. */
const NOW = Date.parse("2026-11-24T13:34:00Z");

const executablePath = findChromium(process.env);
if (executablePath === null) throw new Error("There is no Chromium: install one, or set CHROMIUM_PATH");
mkdirSync(path.dirname(FILE), { recursive: true });
await takePicture(executablePath);
const { size } = statSync(FILE);
if (size > MOST_BYTES) throw new Error(`${FILE} has ${size} bytes, more than ${MOST_BYTES}`);
console.log(`${path.relative(process.cwd(), FILE)}: ${size} bytes`);

/** @param {string} executablePath */
async function takePicture(executablePath) {
  const clock = new Clock();
  clock.now = NOW;
  const server = await runServer({ clock });
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS, "--disable-lcd-text"] });
  try {
    for (const state of await exampleJobs(NOW)) await server.store.swap(null, state, deadlineIn(5_000));
    const page = await browser.newPage({
      viewport: { width: WIDTH, height: 600 },
      colorScheme: "light",
    });
    await page.goto(server.url);
    writeFileSync(FILE, smallPng(await page.screenshot({ fullPage: true, animations: "disabled" })));
  } finally {
    await browser.close();
    await server.close();
  }
}
