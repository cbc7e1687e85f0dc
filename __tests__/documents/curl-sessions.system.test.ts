import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import { codeBlocks } from "../../testing/documents/code-blocks.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";

const JOB = "hourly-report";
const PLACE = "http://127.0.0.1:3000";
const ID = "91b47077-d501-41ab-b407-8ef897670f0a";
/** Within the hour that the documents show as not due. */
const NOW = Date.parse("2026-11-24T05:30:00Z");

const SESSIONS = codeBlocks("docs/rest-api.md").filter(({ language }) => language === "console");
/** A refused request would exit with 0, and a progress bar would be printed. */
const CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }';

let server: RunningServer;
beforeEach(async () => {
  server = await runServer();
  server.clock.now = NOW;
});
afterEach(() => server.close());

async function state() {
  const { records } = await server.store.read([JOB], deadlineIn(1_000));
  return records.get(JOB)?.state;
}

/** The commands of a session, each with the text that it prints. */
function commandsOf(text: string) {
  const [, ...parts] = text.split(/^\$ /m);
  return parts.map((part) => {
    const [command = "", ...printed] = part.trimEnd().split("\n");
    return { command, printed: printed.join("\n") };
  });
}

test("docs/rest-api.md has sessions", () => {
  expect(SESSIONS.length).toBeGreaterThan(1);
});

test.each(SESSIONS.map(({ place, text }) => [place, text] as const))(
  "the session at %s prints what it shows",
  async (_, text) => {
    for (const { command, printed } of commandsOf(text)) {
      const { active } = (await state()) ?? {};
      const script = command.replace(PLACE, server.url).replace(ID, active?.id ?? "");
      const { stdout } = await promisify(execFile)("bash", ["-c", `${CURL}\n${script}`]);
      const [beginning = "", ...rest] = printed.split("…");
      const shown = stdout.replace(/(?<="id":")[^"]+/, ID);
      if (rest.length === 0) expect(shown).toBe(printed);
      expect(shown.slice(0, beginning.length)).toBe(beginning);
      expect(shown.endsWith(rest.join("…"))).toBe(true);
    }
    expect(await state()).toMatchObject({ active: null, finishedUntil: expect.any(String) });
  },
);
