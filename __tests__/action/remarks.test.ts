import { describe, expect, test } from "@jest/globals";
import { logRemarks } from "../../src/action/remarks.ts";
import { parseLocation } from "../../src/location/location.ts";
import type { StartRequest } from "../../src/scheduler/start-request.ts";
import type { InputTexts } from "../../testing/action/inputs.ts";
import { toolkitWith } from "../../testing/action/recording-toolkit.ts";

const NOW = Date.parse("2026-11-24T04:08:49Z");

async function remarksOn(
  request: Partial<StartRequest>,
  {
    env = {},
    url = "git+https://github.com/octo-org/reports",
    inputs = {},
  }: { env?: Record<string, string>; url?: string; inputs?: InputTexts } = {},
): Promise<string[]> {
  const { toolkit, log } = toolkitWith(inputs);
  await logRemarks(toolkit, {
    request: { jobName: "report", jobInterval: "0 * * * *", ...request },
    location: parseLocation(url),
    env,
    now: NOW,
  });
  return log;
}

describe("a cron expression of six fields", () => {
  test("says that the first field is the second, and when the next two intervals end", async () => {
    expect(await remarksOn({ jobInterval: "0 9 * * 1-5 *" })).toEqual([
      '::notice::job-interval "0 9 * * 1-5 *" has six fields, so the first one is for seconds: intervals end at 2027-01-01T00:09:00.000Z and 2027-01-01T01:09:00.000Z. With five fields the first one is for minutes',
    ]);
    expect(await remarksOn({ jobInterval: "0 0 9 * * mon-fri", timezone: "Asia/Tokyo" })).toEqual([
      expect.stringContaining("intervals end at 2026-11-25T00:00:00.000Z and 2026-11-26T00:00:00.000Z."),
    ]);
  });

  test("says that a server may have another time zone", async () => {
    const server = { url: "https://locks.example.com" };
    expect(await remarksOn({ jobInterval: "0 0 9 * * *" }, server)).toEqual([
      expect.stringContaining(", if the server's time zone is UTC. With"),
    ]);
  });

  test("gets no remark where it is refused, nor does one of five fields", async () => {
    expect(await remarksOn({ jobInterval: "0 0,6,12,18 * * ? *" })).toEqual([]);
    expect(await remarksOn({ jobInterval: "0 9 * * 1-5" })).toEqual([]);
    expect(await remarksOn({ jobInterval: { hours: 1 } })).toEqual([]);
  });
});

describe("a job's name", () => {
  test.each([
    ["re\u200bport", "U+200B (zero width space)"],
    ["report\u202e", "U+202E (right-to-left override)"],
    ["\u2066report\u2069", "U+2066 (left-to-right isolate)"],
    ["re\u00adport", "U+00AD (soft hyphen)"],
    ["daily\u00a0report", "U+00A0 (no-break space)"],
    ["daily\treport", "U+0009 (tab)"],
    ["report\u3164", "U+3164"],
    ["cafe\u0301", "U+0301, where its normal form (NFC) has U+00E9 (é)"],
    ["\u212bngstrom", "U+212B (\u212b), which its normal form (NFC) does not have"],
    ["r\u0435port", "U+0435 (е), a Cyrillic letter, in a word with Latin letters"],
    ["rep\u03bfrt", "U+03BF (ο), a Greek letter, in a word with Latin letters"],
  ])("%j gets a warning that names the character: %s", async (jobName, character) => {
    const [warning, ...more] = await remarksOn({ jobName });
    expect(more).toEqual([]);
    expect(warning).toContain(`contains ${character}: a name without it looks alike and is another job`);
    expect(warning).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    expect(await remarksOn({ jobName: "other", requiredJobNames: [jobName] })).toEqual([warning]);
  });

  test.each([
    "report",
    "日報",
    "café",
    "отчёт",
    "αναφορά",
    "日報 report",
    "🚀 deploy",
    "👩‍💻 work",
    "❤️",
    "1️⃣ first",
    "отчёт report",
  ])("%s gets none", async (jobName) => {
    expect(await remarksOn({ jobName })).toEqual([]);
  });
});

describe("a composite action", () => {
  test.each([
    [{ ACT: "true", GITHUB_ACTION_PATH: "/work/composite" }, 1],
    [{ GITEA_ACTIONS: "true", GITHUB_ACTION_PATH: "/work/composite" }, 1],
    [{ FORGEJO_ACTIONS: "true", GITHUB_ACTION_PATH: "/work/composite" }, 1],
    [{ ACT: "true", GITHUB_ACTION_PATH: "" }, 0],
    [{ ACT: "true" }, 0],
    // GitHub's own runner.
    [{ GITHUB_ACTION_PATH: "/work/composite" }, 0],
  ])("%j: %i warnings", async (env, warnings) => {
    const lines = await remarksOn({}, { env });
    expect(lines).toHaveLength(warnings);
    for (const line of lines) expect(line).toContain("use this action in the workflow itself");
    expect(await remarksOn({ noLock: true }, { env })).toEqual([]);
  });
});

describe("a number without a unit", () => {
  test.each(["job-interval", "start-buffer", "retry-interval"])(
    "that is under a minute as %s gets a warning",
    async (input) => {
      expect(await remarksOn({}, { inputs: { [input]: "60" } })).toEqual([
        `::warning::${input} 60 means 60 milliseconds: write a unit, such as "60 seconds", or "60 ms" if it is meant so`,
      ]);
    },
  );

  test.each(["0", "60000", "60 seconds", "60 ms", "PT60S"])("%s gets none", async (text) => {
    expect(await remarksOn({}, { inputs: { "job-interval": text, "retry-interval": text } })).toEqual([]);
  });
});

describe("a chosen interval", () => {
  const at = (text: string) => ({ jobIntervalStartedAt: Date.parse(text), noLock: true });

  test("in the future gets a warning that it is not due", async () => {
    expect(await remarksOn(at("2026-11-24T05:00:00Z"))).toEqual([
      "::warning::job-interval-started-at 2026-11-24T05:00:00.000Z is in the future, so its interval is not due",
    ]);
  });

  test("that starts between two boundaries gets a notice with the whole one", async () => {
    expect(await remarksOn(at("2026-11-24T01:30:00Z"))).toEqual([
      '::notice::job-interval-started-at 2026-11-24T01:30:00.000Z is no boundary of job-interval "0 * * * *", so the interval is cut: the whole one starts at 2026-11-24T01:00:00.000Z and ends at 2026-11-24T02:00:00.000Z',
    ]);
  });

  test("that has not ended gets a notice that it is cut off", async () => {
    expect(await remarksOn(at("2026-11-24T04:00:00Z"))).toEqual([
      "::notice::The interval that starts at 2026-11-24T04:00:00.000Z ends at 2026-11-24T05:00:00.000Z, so it is cut off at the instant of the start",
    ]);
  });

  test.each(["2026-11-24T01:00:00Z", "2026-11-24T03:00:00Z"])("that is a whole one gets none: %s", async (start) => {
    expect(await remarksOn(at(start))).toEqual([]);
  });

  test("gets none that starts where clocks moved its match, and one that starts later names that boundary", async () => {
    const skipped = { jobInterval: "30 2 * * *", timezone: "America/New_York" };
    expect(await remarksOn({ ...skipped, ...at("2026-03-08T03:30:00-04:00") })).toEqual([]);
    expect(await remarksOn({ ...skipped, ...at("2026-03-08T04:00:00-04:00") })).toEqual([
      expect.stringMatching(/ starts at 2026-03-08T07:30:00.000Z and ends at 2026-03-09T06:30:00.000Z$/),
    ]);
  });

  test("of a length of time gets none, since it has no boundaries", async () => {
    expect(await remarksOn({ ...at("2026-11-24T01:30:00Z"), jobInterval: { hours: 1 } })).toEqual([]);
  });
});
