import { readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { RunOptions } from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { HOUR, MINUTE, toIso } from "../../../src/scheduler/instant.ts";
import type { JobState } from "../../../src/scheduler/state-document.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { CHROMIUM_FLAGS, findChromium } from "../../../testing/browser/chromium.ts";
import { writeTo } from "../../../testing/servers/root-pages.ts";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";
import { exampleJobs } from "../../../testing/states/example-jobs.ts";
import { HOURLY, lock, NOON, run, state } from "../../../testing/states/states-by-instant.ts";

const executablePath = findChromium(process.env);
const MISSING = "there is no Chromium: install one (apt-get install chromium), or name it in CHROMIUM_PATH";
if (executablePath === null) {
  if (process.env.CI === "true") throw new Error(`The page can't be tested: ${MISSING}`);
  console.warn(`The page isn't tested: ${MISSING}`);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const GROUND = { light: "rgb(246, 247, 249)", dark: "rgb(16, 20, 27)" };
/** The dark scheme changes the colors only, not the markup. */
const RULES: Readonly<Record<keyof typeof GROUND, RunOptions>> = { light: {}, dark: { runOnly: ["color-contrast"] } };
const LOGIN = { username: "octo", password: "p:a ß" };
const HOSTILE = `</title><script>window.pwned=1</script>"'><img src=x onerror="window.pwned=1">\u202Eevil\u202C ${"x".repeat(150)}`;
const HOLDER = { repository: "octo-org/reports", runId: "7", runUrl: "https://ci.example/7" };

/**
 * Chromium takes longer to start the processes of a new page than to show one. So each kind of page is opened once, and the
 * tests that need it navigate it.
 */
const KINDS = {
  scripted: {},
  scriptless: { javaScriptEnabled: false },
  /** Its timers run only when the test says so. */
  timed: {},
  unknown: { httpCredentials: { ...LOGIN, password: "wrong" } },
} as const satisfies Record<string, BrowserContextOptions>;

const SCREEN = {
  viewport: { width: 1280, height: 720 },
  colorScheme: "light" as "light" | "dark",
  reducedMotion: "no-preference" as "no-preference" | "reduce",
};

/** More jobs than a page shows. */
function manyJobs(): readonly JobState[] {
  const history = [
    run(NOON - HOUR, { runUrl: "https://ci.example/6" }),
    run(NOON - HOUR, { outcome: "interrupted" }),
    run(NOON - 2 * HOUR, { outcome: "taken-over" }),
  ];
  return [
    state("stuck", {
      finishedUntil: toIso(NOON - 9 * HOUR),
      schedule: HOURLY,
      active: lock(NOON - 8 * HOUR, HOUR, { holder: HOLDER }),
      history: [run(NOON - 9 * HOUR)],
    }),
    state("reports/hourly", {
      finishedUntil: toIso(NOON - HOUR),
      active: lock(NOON, HOUR, { id: "one", holder: HOLDER, createdAt: toIso(NOON - 5 * MINUTE) }),
      history,
    }),
    state("failed", {
      finishedUntil: toIso(NOON - 3 * HOUR),
      schedule: { ...HOURLY, requiredJobNames: ["stuck"] },
      history: [run(NOON - 2 * HOUR, { outcome: "interrupted" }), run(NOON - 3 * HOUR)],
    }),
    state(HOSTILE, { active: lock(NOON, HOUR, { holder: { job: HOSTILE, runUrl: "javascript:window.pwned=1" } }) }),
    ...Array.from({ length: 100 }, (_, at) => state(`free-${at}`, { finishedUntil: toIso(NOON), history })),
  ];
}

let browser: Browser;
const pages = new Map<keyof typeof KINDS, Promise<Page>>();
/** The server of a test, and all servers so far. They close after the browser, which may keep connections open. */
let server: RunningServer;
const servers: RunningServer[] = [];
/** The URLs that pages requested, and the errors that the browser reported. */
let asked: string[];
let faults: string[];

(executablePath === null ? describe.skip : describe)("in a real Chromium", () => {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      // Names of other machines: for them, browsers do not trust plain HTTP.
      args: [...CHROMIUM_FLAGS, "--host-resolver-rules=MAP *.example 127.0.0.1"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    for (const one of servers) await one.close();
  });

  beforeEach(() => {
    [asked, faults] = [[], []];
  });
  afterEach(() => expect(faults).toEqual([]));

  async function serve(states: readonly JobState[]): Promise<void> {
    server = await runServer({ schemes: [basicScheme(LOGIN.username, LOGIN.password)] });
    servers.push(server);
    await writeTo(server, states);
  }

  function pageOf(kind: keyof typeof KINDS): Promise<Page> {
    const page = pages.get(kind) ?? newPage(kind);
    pages.set(kind, page);
    return page;
  }

  async function newPage(kind: keyof typeof KINDS): Promise<Page> {
    const context = await browser.newContext({ httpCredentials: LOGIN, ...KINDS[kind] });
    context.on("request", (request) => asked.push(request.url()));
    context.on("console", (message) => {
      // Chromium reports each answer with an error status.
      if (!message.text().startsWith("Failed to load resource: the server responded")) faults.push(message.text());
    });
    context.on("weberror", (error) => faults.push(error.error().message));
    context.on("dialog", (dialog) => faults.push(dialog.message()));
    if (kind === "timed") await context.clock.install();
    return context.newPage();
  }

  async function open(
    path: string,
    { kind = "scripted", ...more }: Partial<typeof SCREEN> & { kind?: keyof typeof KINDS } = {},
    origin = server.url,
  ): Promise<Page> {
    const page = await pageOf(kind);
    const { viewport, ...media } = { ...SCREEN, ...more };
    await page.setViewportSize(viewport);
    await page.emulateMedia(media);
    await page.goto(`${origin}/${path}`);
    return page;
  }

  const activeLock = async (name: string) => {
    const { records } = await server.store.read([name], deadlineIn(1_000));
    return records.get(name)?.state.active ?? null;
  };

  /** Checks a page that is open: all of it in the light, and what the dark scheme changes. */
  async function expectNoFaults(page: Page, path: string): Promise<void> {
    await page.evaluate(AXE);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(GROUND[colorScheme]);
      const options = JSON.stringify({ ...RULES[colorScheme], resultTypes: ["violations"] } satisfies RunOptions);
      // What axe found goes to the test as names: with each element that passed, the answer would be a megabyte.
      const { violations, passed } = await page.evaluate<AxeFindings>(`axe.run(${options}).then((results) => ({
        violations: results.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
        passed: results.passes.map(({ id }) => id),
      }))`);
      expect([path, colorScheme, violations]).toEqual([path, colorScheme, []]);
      const expected = colorScheme === "dark" ? ["color-contrast"] : ["color-contrast", "landmark-one-main"];
      expect(passed).toEqual(expect.arrayContaining(expected));
    }
  }

  describe("pages that only show jobs", () => {
    beforeAll(() => serve(manyJobs()));

    test("have no fault that axe finds, in the light and in the dark", async () => {
      // One row of each kind is enough. With a hundred rows axe takes much longer.
      for (const path of [
        ...["?search=s", "?search=failed", "?page=2", "?name=reports/hourly", "?name=failed", "?release=stuck"],
        ...["?skip=failed", "?skip=stuck"],
      ]) {
        await expectNoFaults(await open(path), path);
      }
    });

    test("are not scrolled sideways at 320 and 640 px", async () => {
      for (const path of [
        ...["", "?page=2", "?search=free-1", "?name=reports/hourly", "?release=stuck", "?skip=failed", "?name=failed"],
        ...["?name=never", `?release=${encodeURIComponent(HOSTILE)}`],
      ]) {
        const page = await open(path, { viewport: { width: 320, height: 800 } });
        for (const width of [320, 640]) {
          await page.setViewportSize({ width, height: 800 });
          const { scrollWidth } = await sizeOf(page);
          expect([path, scrollWidth]).toEqual([path, width]);
        }
      }
    });

    test("pages request nothing from other hosts, and markup in a state document has no effect", async () => {
      const page = await pageOf("scripted");
      for (const path of [
        `?name=${encodeURIComponent(HOSTILE)}`,
        `?release=${encodeURIComponent(HOSTILE)}`,
        `?search=${encodeURIComponent(HOSTILE)}`,
        "",
      ]) {
        await open(path);
        // The pages that refresh themselves have one script.
        const scripts = path.startsWith("?release") ? 0 : 1;
        expect(await page.evaluate("[window.pwned, document.scripts.length, document.images.length]")).toEqual([
          undefined,
          scripts,
          0,
        ]);
        expect(await page.locator("a[href^='javascript' i]").count()).toBe(0);
      }
      const name = page.locator("a.name", { hasText: "window.pwned" });
      expect(await name.textContent()).toBe(HOSTILE.replace("\u202E", "\\u{202e}").replace("\u202C", "\\u{202c}"));
      expect(asked.filter((url) => new URL(url).origin !== server.url)).toEqual([]);
      expect(await page.title()).toBe("1 failing, 1 overdue, 2 running · CronyxServer");
    });

    test("the policy holds: a script that got in would not run", async () => {
      const page = await open("");
      await page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { text: 'window.pwned = 1' }))",
      );
      expect(await page.evaluate("window.pwned")).toBeUndefined();
      expect(faults.splice(0)).toEqual([expect.stringContaining("Content Security Policy")]);
    });

    test("a job is found by the keyboard, and its runs are shown as text and links", async () => {
      const page = await open("");
      await tabTo(page, "Part of a name");
      await page.keyboard.type("HOURLY");
      await Promise.all([page.waitForURL("**/?search=HOURLY"), page.keyboard.press("Enter")]);
      expect(await page.locator("a.name").allInnerTexts()).toEqual(["reports/hourly"]);
      const timeline = page.getByRole("list", {
        name: "Last 3 runs: 1 finished, 1 interrupted, 1 taken over; one is running",
      });
      expect(await timeline.getByRole("link", { name: /^finished/ }).getAttribute("href")).toBe("https://ci.example/6");
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('.timeline .running'), '::before').animationName"),
      ).toBe("breathe");
      await page.emulateMedia({ reducedMotion: "reduce" });
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('.timeline .running'), '::before').animationName"),
      ).toBe("none");
      await tabTo(page, "reports/hourly");
      await Promise.all([page.waitForURL("**/?name=*"), page.keyboard.press("Enter")]);
      const rows = page.getByRole("table", { name: "Last runs" }).locator("tbody").getByRole("row");
      expect(
        (await rows.allInnerTexts()).map((text) =>
          text
            .split(/\s*[\t\n]\s*/)
            .slice(0, 2)
            .join(" "),
        ),
      ).toEqual([
        "10:00 to 11:00 finished 59 min ago",
        "10:00 to 11:00 interrupted 59 min ago",
        "09:00 to 10:00 taken over 1 h 59 min ago",
      ]);
      await tabTo(page, "an unnamed run");
    });

    test("a page refreshes itself only by its script: without one there is a link", async () => {
      const page = await open("", { kind: "scriptless" });
      expect([await page.locator("#pause").isVisible(), await page.locator("#refresh").isVisible()]).toEqual([
        false,
        true,
      ]);
    });

    test("nothing is shown without credentials", async () => {
      const page = await open("", { kind: "unknown" });
      expect([await page.locator("h1").textContent(), await page.content()]).toEqual([
        "Login required",
        expect.not.stringContaining("reports/hourly"),
      ]);
    });
  });

  describe("a form", () => {
    beforeEach(() => serve(manyJobs()));

    test("a lock is released by the keyboard alone, without JavaScript", async () => {
      const page = await open("", { kind: "scriptless", reducedMotion: "reduce" });
      await tabTo(page, "Release… reports/hourly");
      await Promise.all([page.waitForURL("**/?release=reports%2Fhourly"), page.keyboard.press("Enter")]);
      expect(await page.locator("main").textContent()).toContain("The interval 11:00 to 12:00 is granted again");
      expect(await activeLock("reports/hourly")).toMatchObject({ id: "one" });
      await tabTo(page, "Release the lock");
      await Promise.all([page.waitForURL("**/?released=*"), page.keyboard.press("Enter")]);
      expect(await page.getByRole("status").textContent()).toBe(
        "Released reports/hourly: the interval 11:00 to 12:00 is granted again, to the next start.",
      );
      expect(await activeLock("reports/hourly")).toBeNull();
      expect(await activeLock("stuck")).not.toBeNull();
    });

    test("intervals of a failing and overdue job are skipped by the keyboard alone, without JavaScript", async () => {
      const page = await open("?name=failed", { kind: "scriptless", reducedMotion: "reduce" });
      expect(await page.locator(".condition .badge").allTextContents()).toEqual(["Failing", "Overdue"]);
      expect(await page.locator(".facts").textContent()).toMatch(
        /2 h late, 2 intervals behind\s+Waiting forstuck, which has finished until 03:00/,
      );
      await tabTo(page, "Skip…");
      await Promise.all([page.waitForURL("**/?skip=failed"), page.keyboard.press("Enter")]);
      expect(await page.locator("h1").textContent()).toBe("Skip intervals of failed?");
      await tabTo(page, "Skip 3 intervals");
      await Promise.all([page.waitForURL("**/?skipped=*"), page.keyboard.press("Enter")]);
      expect(await page.getByRole("status").textContent()).toBe("Skipped failed: 09:00 to 12:00 will not be run.");
      const { records } = await server.store.read(["failed"], deadlineIn(1_000));
      expect(records.get("failed")?.state.finishedUntil).toBe(toIso(NOON));
    });

    // Over plain HTTP, browsers send Sec-Fetch-Site to this machine only.
    test.each(["127.0.0.1", "locks.example"])(
      "at %s the own page releases a lock, and another site's doesn't",
      async (host) => {
        const target = `http://${host}:${server.port}`;
        const page = await open("?release=reports/hourly", {}, target);
        const action = await page.locator("form").getAttribute("action");
        const evil = http.createServer((_, response) => {
          response.setHeader("content-type", "text/html");
          response.end(`<form method="post" action="${target}/${action}"><button>Win a prize</button></form>`);
        });
        await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
        try {
          const other = await page.context().newPage();
          await other.goto(`http://evil.example:${(evil.address() as AddressInfo).port}/`);
          const [answer] = await Promise.all([
            other.waitForResponse((one) => one.request().method() === "POST"),
            other.click("button"),
          ]);
          expect(answer.status()).toBe(403);
          expect(await activeLock("reports/hourly")).toMatchObject({ id: "one" });
          await other.close();
        } finally {
          evil.closeAllConnections();
          evil.close();
        }
        const [sent] = await Promise.all([
          page.waitForRequest((one) => one.method() === "POST"),
          page.getByRole("button", { name: "Release the lock" }).click(),
        ]);
        await page.waitForURL("**/?released=*");
        expect(await activeLock("reports/hourly")).toBeNull();
        const { origin, "sec-fetch-site": site } = await sent.allHeaders();
        expect([origin, site]).toEqual([target, host === "127.0.0.1" ? "same-origin" : undefined]);
      },
    );
  });

  describe("refreshes itself", () => {
    beforeEach(() => serve(manyJobs()));

    const openTimed = (path: string, more: Partial<typeof SCREEN> = {}) =>
      open(path, { kind: "timed", viewport: { width: 1280, height: 500 }, ...more });

    const finish = async (name: string) => {
      const { records } = await server.store.read([name], deadlineIn(1_000));
      const record = records.get(name);
      if (record === undefined) throw new Error(`${name} is missing`);
      const changed = { ...record.state, active: null, finishedUntil: toIso(NOON), history: [run(NOON)] };
      await server.store.swap(record.version, changed, deadlineIn(1_000));
      // The summaries of all jobs are valid for a while.
      server.clock.now += HOUR / 2;
    };
    /** Lets the page's timer run out, and waits for its request. @returns null if it sends none. */
    const refreshed = async (page: Page, isSent = true) => {
      const answer = isSent ? page.waitForResponse((one) => one.request().resourceType() === "fetch") : null;
      let requests = 0;
      page.on("request", () => requests++);
      await page.clock.runFor(30_000);
      if (answer === null) return expect(requests).toBe(0);
      await (await answer).finished();
      return undefined;
    };

    test("and keeps the focus and the scroll position", async () => {
      const page = await openTimed("");
      const link = page.locator("a.name", { hasText: "free-20" });
      await link.focus();
      await page.evaluate("scrollTo(0, 700)");
      await finish("reports/hourly");
      await refreshed(page);
      await page.locator("#asof time", { hasText: "12:30" }).waitFor();
      expect(await page.title()).toBe("1 failing, 1 overdue, 1 running · CronyxServer");
      const focused = "[scrollY, document.activeElement.textContent, document.activeElement.matches(':focus')]";
      expect(await page.evaluate(focused)).toEqual([700, "free-20", true]);
      // It is free now, and so on a later page.
      expect(await page.locator("a.name", { hasText: "reports/hourly" }).count()).toBe(0);
      expect(await page.locator("#asof").textContent()).toBe("As of 12:30, UTC");
    });

    test("but not while a field is being filled, text is selected or the tab is hidden", async () => {
      const page = await openTimed("");
      await page.locator("#search").fill("fre");
      await refreshed(page, false);
      await page.locator("h1").click();
      await refreshed(page, false);
      expect(await page.locator("#search").inputValue()).toBe("fre");
      await page.locator("#search").fill("");
      await page.locator("h1").dblclick();
      await refreshed(page, false);
      await page.evaluate("getSelection().removeAllRanges()");
      await page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })");
      await page.evaluate("document.activeElement.blur()");
      await refreshed(page, false);
      await finish("reports/hourly");
      await page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))");
      await page.locator("#asof time", { hasText: "12:30" }).waitFor();
      expect(await page.title()).toBe("1 failing, 1 overdue, 1 running · CronyxServer");
    });

    test("until it is paused, and at first not where the reader prefers reduced motion", async () => {
      const page = await openTimed("?name=failed", { reducedMotion: "reduce" });
      await refreshed(page, false);
      const button = page.getByRole("button", { name: "Update every 30 s" });
      await Promise.all([page.waitForResponse((one) => one.request().resourceType() === "fetch"), button.click()]);
      await refreshed(page);
      await page.getByRole("button", { name: "Pause" }).click();
      await refreshed(page, false);
    });

    test("and says so when the server answers with an error, or not at all", async () => {
      const page = await openTimed("");
      const alert = page.getByRole("alert");
      await page.route("**/*", (route) => route.fulfill({ status: 503, body: "busy" }));
      await refreshed(page);
      await alert.filter({ hasText: "Not updated since: the server answers 503" }).waitFor();
      await page.unroute("**/*");
      await page.route("**/*", (route) => route.abort());
      await page.clock.runFor(30_000);
      await alert.filter({ hasText: "Not updated since: the server cannot be reached" }).waitFor();
      expect(faults.splice(0)).toEqual([expect.stringContaining("ERR_FAILED")]);
      await page.unroute("**/*");
      await refreshed(page);
      await page.locator("#stale:empty").waitFor({ state: "attached" });
    });

    test("without the note about a release, which a reload does not show again", async () => {
      const page = await openTimed(`?lost=failed&lock=${run(NOON - 3 * HOUR).id}`);
      expect(await page.locator(".note").count()).toBe(1);
      await refreshed(page);
      await page.waitForURL(`${server.url}/?`);
      expect(await page.locator(".note").count()).toBe(0);
    });
  });

  describe("thirteen jobs in all states", () => {
    beforeAll(async () => serve(await exampleJobs(NOON)));

    test("fit on a page of 375 px and of 1280 px", async () => {
      const page = await open("");
      expect(await page.locator("a.filter").allTextContents()).toEqual([
        ...["All 13", "Damaged 1", "Failing 2", "Overdue 2", "Running 2", "Waiting 1", "Free 5"],
      ]);
      for (const width of [375, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        const { scrollWidth, scrollHeight } = await sizeOf(page);
        expect([scrollWidth, scrollHeight < 1_400]).toEqual([width, true]);
        const small = await page.evaluate(`[...document.querySelectorAll(".mark")].filter((mark) => {
          return mark.offsetParent !== null && (mark.offsetWidth < 24 || mark.offsetHeight < 24);
        }).length`);
        expect(small).toBe(0);
      }
    });

    test.each([
      ["", [1280, 375]],
      ["?sort=due", [1280]],
      ["?name=crm/sync-contacts", [375]],
    ])("have no fault that axe finds, in the light and in the dark: /%s at %j px", async (path, widths) => {
      const page = await open(path);
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoFaults(page, `${path} at ${width}`);
      }
    });
  });
});

interface AxeFindings {
  readonly violations: readonly (readonly [rule: string, elements: readonly string[]])[];
  readonly passed: readonly string[];
}

interface PageSize {
  readonly scrollWidth: number;
  readonly scrollHeight: number;
}

function sizeOf(page: Page): Promise<PageSize> {
  return page.evaluate(
    "({ scrollWidth: document.documentElement.scrollWidth, scrollHeight: document.documentElement.scrollHeight })",
  );
}

/** Presses Tab until the element of this name has the focus, and checks that the focus is visible. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 50; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<{ name: string; outline: string }>(`(() => {
      const element = document.activeElement;
      const name = (element.labels?.[0] ?? element).textContent;
      return { name, outline: getComputedStyle(element).outlineStyle };
    })()`);
    if (focused.name !== name) continue;
    expect(focused.outline).toBe("solid");
    return;
  }
  throw new Error(`${name} isn't reached by the keyboard`);
}
