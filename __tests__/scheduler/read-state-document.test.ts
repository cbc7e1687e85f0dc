import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decide } from "../../src/scheduler/decide.ts";
import { HOUR, isInstant, toIso } from "../../src/scheduler/instant.ts";
import { abandon } from "../../src/scheduler/job-transitions.ts";
import { readState, StateError } from "../../src/scheduler/read-state-document.ts";
import { prepareStart } from "../../src/scheduler/start-request.ts";
import { isLockIdUsed, type JobState } from "../../src/scheduler/state-document.ts";
import { at, ended, job, lock } from "../../testing/states/states-by-time-of-day.ts";

const active = (changed: object) => ({ ...job(), active: { ...lock("09:00", "10:00"), ...changed } });
const history = (changed: object) => ({ ...job(), history: [ended(), { ...ended(), ...changed }] });
const without = (field: string, from: object) =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key !== field));

const SPAN = { skippedStartedAt: at("08:00"), skippedEndedAt: at("09:00"), recordedAt: at("10:00") };
const SCHEDULE = { jobInterval: "0 * * * *", timezone: "UTC", startBuffer: 0, requiredJobNames: ["before"] };

describe("a document is read that has", () => {
  test.each<[string, object]>([
    ["a new job", job()],
    ["a job between two runs", job({ finishedUntil: at("09:00"), history: [ended()] })],
    ["a job's first run", job({ active: lock("09:00", "10:00") })],
    ["a later run", job({ finishedUntil: at("09:00"), active: lock("09:00", "10:00"), history: [ended()] })],
    ["a holder without any field", active({ holder: {} })],
    ["no holder", active({ holder: null })],
    ["an idempotency key", active({ idempotencyKey: "key" })],
    [
      "runs of every ending",
      { ...job(), history: ["finished", "interrupted", "taken-over"].map((outcome) => ({ ...ended(), outcome })) },
    ],
    ["runs with an outcome of a newer version", history({ outcome: "lost" })],
    ["a lock that starts after its progress", { ...active({}), finishedUntil: at("08:00") }],
    ["abandoned starts", { ...job(), abandoned: [{ id: "id-1", abandonedAt: at("09:00") }] }],
    ["abandoned starts without an age", { ...job(), abandoned: ["id-1", "id-2"] }],
    ["ids of runs that ended", { ...job(), ended: [{ id: "id-1", endedAt: at("09:00") }] }],
    ["a begun first interval", { ...job(), begun: { intervalStartedAt: at("08:00"), intervalEndedAt: at("09:00") } }],
    ["skipped spans", { ...job(), skipped: [SPAN] }],
    ["a schedule", { ...job(), schedule: SCHEDULE }],
    [
      "a schedule that only a newer version understands",
      { ...job(), schedule: { ...SCHEDULE, jobInterval: { moons: 1 }, catchUp: "newest" } },
    ],
    ["a run without a link", history({ runUrl: null })],
    ["more runs than this release writes", job({ history: Array.from({ length: 30 }, () => ended()) })],
    ["February 29", job({ finishedUntil: "2028-02-29T00:00:00.000Z" })],
  ])("%s", (_, document) => {
    expect(readState(structuredClone(document), "report")).toEqual(document);
  });
});

test("an instant is read only in the form in which toIso writes it", () => {
  const digits = (most: number, length: number) => fc.nat(most).map((number) => String(number).padStart(length, "0"));
  const parts = [
    digits(10_000, 4),
    digits(13, 2),
    digits(32, 2),
    digits(25, 2),
    digits(60, 2),
    digits(60, 2),
    digits(999, 3),
  ];
  fc.assert(
    fc.property(fc.tuple(...parts), ([year, month, day, hour, minute, second, ms]) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
      const parsed = Date.parse(text);
      const document = job({ finishedUntil: text });
      if (isInstant(parsed) && text < "7000" && new Date(parsed).toISOString() === text) {
        expect(readState(document, "report")).toBe(document);
      } else expect(() => readState(document, "report")).toThrow(StateError);
    }),
    {
      numRuns: 2_000,
      examples: [
        [["0000", "01", "01", "00", "00", "00", "000"]],
        [["0001", "01", "01", "00", "00", "00", "000"]],
        [["6999", "12", "31", "23", "59", "59", "999"]],
        [["7000", "01", "01", "00", "00", "00", "000"]],
        [["2026", "02", "29", "00", "00", "00", "000"]],
        [["2028", "02", "29", "00", "00", "00", "000"]],
        [["2026", "01", "01", "24", "00", "00", "000"]],
      ] as never,
    },
  );
});

describe("a document of a newer version is refused", () => {
  test.each([2, 1.5, 99])("%d", (v) => {
    const read = () => readState({ v, anything: "else" }, "report");
    expect(read).toThrow(StateError);
    expect(read).toThrow(/version/);
    expect(read).toThrow(/use a newer release/);
  });
});

describe("a damaged document is refused, with the field that is wrong", () => {
  test.each<[unknown, string]>([
    [undefined, "the document is missing, not an object"],
    [null, "the document is null, not an object"],
    ["{}", 'the document is "{}", not an object'],
    [7, "the document is 7, not an object"],
    [[job()], "the document is ["],
    [{}, "v is missing, not 1"],
    [{ ...job(), v: "1" }, 'v is "1", not 1'],
    [{ ...job(), v: 0 }, "v is 0, not 1"],
    [{ ...job(), v: null }, "v is null, not 1"],
    [without("name", job()), 'name is missing, not "report"'],
    [{ ...job(), name: "other" }, 'name is "other", not "report"'],
    [{ ...job(), name: "Report" }, 'name is "Report", not "report"'],
    [without("finishedUntil", job()), "finishedUntil is missing, not an instant"],
    [{ ...job(), finishedUntil: "" }, 'finishedUntil is "", not an instant'],
    [{ ...job(), finishedUntil: 1772618400000 }, "finishedUntil is 1772618400000, not an instant"],
    [
      { ...job(), finishedUntil: "9999-12-31T23:59:59.999Z" },
      'finishedUntil is "9999-12-31T23:59:59.999Z", not an instant before the year 7000',
    ],
    [
      active({ updatedAt: "7000-01-01T00:00:00.000Z" }),
      'active.updatedAt is "7000-01-01T00:00:00.000Z", not an instant before the year 7000',
    ],
    [{ ...job(), finishedUntil: "2026-03-04" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "2026-03-04T10:00:00Z" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "2026-03-04T10:00:00.000+00:00" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "2026-13-04T10:00:00.000Z" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "2026-02-30T10:00:00.000Z" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "2026-03-04T24:00:00.000Z" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "0000-03-04T10:00:00.000Z" }, "finishedUntil is"],
    [{ ...job(), finishedUntil: "+012026-03-04T10:00:00.000Z" }, "finishedUntil is"],
    [without("active", job()), "active is missing, not an object"],
    [{ ...job(), active: false }, "active is false, not an object"],
    [{ ...job(), active: [] }, "active is [], not an object"],
    [{ ...job(), active: {} }, "active.intervalStartedAt is missing, not an instant"],
    [active({ intervalStartedAt: "soon" }), 'active.intervalStartedAt is "soon", not an instant'],
    [active({ intervalEndedAt: null }), "active.intervalEndedAt is null, not an instant"],
    [active({ intervalEndedAt: at("09:00") }), "active.intervalEndedAt is"],
    [active({ intervalEndedAt: at("08:59") }), "not an instant after intervalStartedAt"],
    [active({ id: undefined }), "active.id is missing, not a non-empty string"],
    [active({ id: "" }), 'active.id is "", not a non-empty string'],
    [active({ id: 1 }), "active.id is 1, not a non-empty string"],
    [active({ createdAt: null }), "active.createdAt is null, not an instant"],
    [active({ updatedAt: "2026" }), 'active.updatedAt is "2026", not an instant'],
    [active({ idempotencyKey: undefined }), "active.idempotencyKey is missing, not a non-empty string"],
    [active({ idempotencyKey: 1 }), "active.idempotencyKey is 1, not a non-empty string"],
    [active({ holder: undefined }), "active.holder is missing, not an object"],
    [active({ holder: "me" }), 'active.holder is "me", not an object'],
    [active({ holder: { runUrl: 1 } }), "active.holder.runUrl is 1, not a non-empty string"],
    [active({ holder: { repository: null } }), "active.holder.repository is null, not a non-empty string"],
    [{ ...active({}), finishedUntil: at("09:30") }, "active.intervalStartedAt is"],
    [without("history", job()), "history is missing, not a list"],
    [{ ...job(), history: {} }, "history is {}, not a list"],
    [{ ...job(), abandoned: "id-1" }, 'abandoned is "id-1", not a list of lock ids'],
    [{ ...job(), abandoned: [null] }, "abandoned[0] is null, not an object"],
    [{ ...job(), abandoned: ["id-1", ""] }, 'abandoned is ["id-1",""], not a list of lock ids'],
    [{ ...job(), abandoned: ["id-1", { id: "id-2" }] }, "abandoned[1].abandonedAt is missing"],
    [{ ...job(), ended: [{ endedAt: at("09:00") }] }, "ended[0].id is missing"],
    [{ ...job(), begun: null }, "begun is null, not an object"],
    [{ ...job(), begun: { intervalStartedAt: at("08:00") } }, "begun.intervalEndedAt is missing"],
    [{ ...job(), skipped: {} }, "skipped is {}, not a list"],
    [{ ...job(), skipped: [{ ...SPAN, skippedEndedAt: at("08:00") }] }, "skipped[0].skippedEndedAt is"],
    [{ ...job(), schedule: [] }, "schedule is [], not an object"],
    [{ ...job(), schedule: { ...SCHEDULE, jobInterval: null } }, "schedule.jobInterval is null"],
    [{ ...job(), schedule: { ...SCHEDULE, startBuffer: "1 day" } }, "schedule.startBuffer is"],
    [{ ...job(), schedule: { ...SCHEDULE, timezone: "" } }, "schedule.timezone is"],
    [{ ...job(), schedule: { ...SCHEDULE, requiredJobNames: [1] } }, "schedule.requiredJobNames is [1]"],
    [{ ...job(), history: [ended(), null] }, "history[1] is null, not an object"],
    [history({ id: null }), "history[1].id is null, not a non-empty string"],
    [history({ outcome: "" }), 'history[1].outcome is "", not a non-empty string'],
    [history({ createdAt: "now" }), 'history[1].createdAt is "now"'],
    [history({ endedAt: "then" }), 'history[1].endedAt is "then", not an instant'],
    [history({ intervalStartedAt: at("09:00") }), "history[1].intervalEndedAt is"],
    [history({ runUrl: undefined }), "history[1].runUrl is missing, not a non-empty string"],
  ])("%j: %s", (document, why) => {
    const read = () => readState(document, "report");
    expect(read).toThrow(StateError);
    expect(read).toThrow(why);
  });

  test("and only the start of a long value", () => {
    const read = () => readState({ ...job(), name: "x".repeat(100_000) }, "report");
    expect(read).toThrow(/^name is "x{79}…, not "report"$/);
  });
});

describe("a document that version 0.1.0 wrote is read and carried on", () => {
  const file = new URL("../fixtures/state-documents-of-0.1.0.json", import.meta.url);
  const documents: Record<string, JobState> = JSON.parse(readFileSync(file, "utf8"));
  const NOW = Date.parse("2026-11-24T15:00:00Z");

  test.each(Object.entries(documents))("%s", async (_, document) => {
    const state = readState(structuredClone(document), document.name);
    expect(state).toEqual(document);
    const request = { jobName: document.name, jobInterval: "0 * * * *", retryInterval: HOUR };
    const decision = decide(await prepareStart(request), state, new Map(), NOW);
    if (!decision.started) throw new Error("Expected a grant");
    if (state.finishedUntil !== null) expect(toIso(decision.intervalStartedAt)).toBe(state.finishedUntil);
    else if (state.active !== null) expect(toIso(decision.intervalEndedAt)).toBe(state.active.intervalEndedAt);
    const [id] = state.abandoned ?? [];
    if (typeof id === "string") expect(isLockIdUsed(abandon(state, "another", NOW).state, id)).toBe(true);
  });
});
