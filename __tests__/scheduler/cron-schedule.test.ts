import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { clientMessage } from "../../src/client/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { DAY, HOUR, type Instant, MINUTE, toIso } from "../../src/scheduler/instant.ts";
import { scheduleOf } from "../../src/scheduler/schedule-of.ts";
import { CLOCK_CHANGES, type ClockChange, ZONES, zoned } from "../../testing/generators/zones-and-intervals.ts";

const WEDNESDAY = Date.parse("2026-03-04T05:06:07.008Z");

/** The next `count` boundaries after an instant, without the seconds and milliseconds that are 0 in most of them. */
async function runs(cron: string, zone: string, after: Instant, count: number): Promise<string[]> {
  const { next } = await scheduleOf(cron, zone);
  const found: string[] = [];
  for (let run = next(after); found.length < count; run = next(run))
    found.push(toIso(run).replace(/(:00)?\.000Z$/, ""));
  return found;
}

describe("a cron expression has the expected next two boundaries, and the same ones backward", () => {
  test.each([
    // The fields, and their values, lists, ranges and steps.
    ["* * * * *", "2026-03-04T05:07", "2026-03-04T05:08"],
    ["* * * * * *", "2026-03-04T05:06:08", "2026-03-04T05:06:09"],
    ["30 15 10 * * *", "2026-03-04T10:15:30", "2026-03-05T10:15:30"],
    ["5,20 * * * *", "2026-03-04T05:20", "2026-03-04T06:05"],
    ["10-12 6 * * *", "2026-03-04T06:10", "2026-03-04T06:11"],
    ["*/20 * * * *", "2026-03-04T05:20", "2026-03-04T05:40"],
    ["10-30/20 * * * *", "2026-03-04T05:10", "2026-03-04T05:30"],
    ["5/25 * * * *", "2026-03-04T05:30", "2026-03-04T05:55"],
    ["0-1,30-59/29 * * * *", "2026-03-04T05:30", "2026-03-04T05:59"],
    ["*/90 * * * *", "2026-03-04T06:00", "2026-03-04T07:00"],
    ["00 09 * * *", "2026-03-04T09:00", "2026-03-05T09:00"],
    // Names.
    ["0 0 * * fri", "2026-03-06T00:00", "2026-03-13T00:00"],
    ["0 0 * * Mon-WED", "2026-03-09T00:00", "2026-03-10T00:00"],
    ["0 0 1 JAN,jul *", "2026-07-01T00:00", "2027-01-01T00:00"],
    // Sunday is 0 and 7.
    ["0 0 * * 0", "2026-03-08T00:00", "2026-03-15T00:00"],
    ["0 0 * * 7", "2026-03-08T00:00", "2026-03-15T00:00"],
    ["0 0 * * 6-7", "2026-03-07T00:00", "2026-03-08T00:00"],
    // Days: where both fields are restricted, either is enough.
    ["0 0 6 * sun", "2026-03-06T00:00", "2026-03-08T00:00"],
    ["0 0 ? * mon", "2026-03-09T00:00", "2026-03-16T00:00"],
    ["0 0 6 * ?", "2026-03-06T00:00", "2026-04-06T00:00"],
    ["0 0 L * *", "2026-03-31T00:00", "2026-04-30T00:00"],
    ["0 0 L 2 *", "2027-02-28T00:00", "2028-02-29T00:00"],
    ["0 0 1,L * *", "2026-03-31T00:00", "2026-04-01T00:00"],
    ["0 0 * * 5L", "2026-03-27T00:00", "2026-04-24T00:00"],
    ["0 0 * * fri#2", "2026-03-13T00:00", "2026-04-10T00:00"],
    ["0 0 * * 1#5", "2026-03-30T00:00", "2026-06-29T00:00"],
    ["0 0 29 2 *", "2028-02-29T00:00", "2032-02-29T00:00"],
    // Nicknames.
    ["@hourly", "2026-03-04T06:00", "2026-03-04T07:00"],
    ["@daily", "2026-03-05T00:00", "2026-03-06T00:00"],
    ["@midnight", "2026-03-05T00:00", "2026-03-06T00:00"],
    ["@weekly", "2026-03-08T00:00", "2026-03-15T00:00"],
    ["@monthly", "2026-04-01T00:00", "2026-05-01T00:00"],
    ["@yearly", "2027-01-01T00:00", "2028-01-01T00:00"],
    ["@annually", "2027-01-01T00:00", "2028-01-01T00:00"],
    ["@Hourly", "2026-03-04T06:00", "2026-03-04T07:00"],
    // Blanks.
    ["  0 \t 9  *  * *\n", "2026-03-04T09:00", "2026-03-05T09:00"],
    [" @daily ", "2026-03-05T00:00", "2026-03-06T00:00"],
  ])("%j: %s, %s", async (cron, first, second) => {
    expect(await runs(cron, "UTC", WEDNESDAY, 2)).toEqual([first, second]);
    const { next, previous } = await scheduleOf(cron, "UTC");
    expect(previous(next(next(WEDNESDAY)))).toBe(next(WEDNESDAY));
    expect(previous(next(WEDNESDAY))).toBeLessThanOrEqual(WEDNESDAY);
  });
});

describe("a cron expression is refused, with the field that is wrong", () => {
  const FIELDS = "pass 5 fields";
  test.each([
    ["", FIELDS],
    ["  ", FIELDS],
    ["* * * *", FIELDS],
    ["* * * * * * *", FIELDS],
    ["0 0 1 1 * 2026 *", FIELDS],
    ["@reboot", FIELDS],
    ["@often", FIELDS],
    ["2026-03-04", FIELDS],
    ["@dayly", "(an unknown name with @): pass 5 fields"],
    ["1,5 hours", "@hourly; or a length such as 90 minutes"],
    ["1 hour 1", "@hourly; or a length such as 90 minutes"],
    ["2026-03-04T05:06:07Z", FIELDS],
    ["0 0 * * 1,7/2", 'day of the week cannot be "1,7/2": a step counts on from its first value'],
    ["0 0 ?/2 * *", 'day of the month cannot be "?/2"'],
    ["0 0 * ? *", 'month cannot be "?", since only the two day fields take a ?'],
    ["? 0 * * * *", 'second cannot be "?", since only the two day fields take a ?'],
    ["constructor", FIELDS],
    ["__proto__", FIELDS],
    ["a b c d e", 'minute cannot be "a"'],
    ["at nine in the morning", 'minute cannot be "at"'],
    ["H * * * *", 'minute cannot be "H"'],
    ["1.5 * * * *", 'minute cannot be "1.5"'],
    ["60 * * * *", 'minute cannot be "60"'],
    ["* 24 * * *", 'hour cannot be "24"'],
    ["* * 0 * *", 'day of the month cannot be "0"'],
    ["* * 32 * *", 'day of the month cannot be "32"'],
    ["* * * 13 *", 'month cannot be "13"'],
    ["* * * * 8", 'day of the week cannot be "8"'],
    ["* * * * mon#6", 'day of the week cannot be "mon#6"'],
    ["-1 * * * *", 'minute cannot be "-1"'],
    ["30-10 * * * *", 'minute cannot be "30-10"'],
    ["*/0 * * * *", 'minute cannot be "*/0"'],
    ["5/ * * * *", 'minute cannot be "5/"'],
    ["1,,2 * * * *", 'minute cannot be "1,,2"'],
    // Dates that do not exist.
    ["0 0 31 4,6,9,11 *", "it matches no date"],
    ["0 0 30 2 *", "it matches no date"],
    ["* * * 31 2 *", "it matches no date"],
  ])("%j: %s", async (cron, why) => {
    const asked = performance.now();
    const error = await scheduleOf(cron, "America/New_York").catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(clientMessage(error)).toContain(why);
    expect(clientMessage(error)).toContain(JSON.stringify(cron));
    expect(performance.now() - asked).toBeLessThan(2000);
  });
});

describe("a refused cron expression shows the form that is accepted", () => {
  test.each([
    // Ranges beyond the highest value.
    ["0 0 * * fri-mon", "0 0 * * fri,sat,sun,mon"],
    ["0 0 * * 5-1", "0 0 * * 5,6,0,1"],
    ["0 0 * * 7-2", "0 0 * * 0,1,2"],
    ["0 0 1 Nov-feb *", "0 0 1 nov,dec,jan,feb *"],
    ["0 22-2 * * *", "0 22-23,0-2 * * *"],
    ["0 22-2/2 * * *", "0 22,0,2 * * *"],
    ["50-10,30 * * * *", "50-59,0-10,30 * * * *"],
    ["0 0 25-1 * *", "0 0 25-31,1 * *"],
    ["0 0 * * 7/2", "0 0 * * 0/2"],
    ["0 0 * ? *", "0 0 * * *"],
    // Names in full.
    ["0 0 * * Monday-friday", "0 0 * * mon-fri"],
    ["0 0 1 january *", "0 0 1 jan *"],
    // Jenkins.
    ["H H * * *", "0 0 * * *"],
    ["H/15 H(2-7) H H *", "*/15 2 1 1 *"],
    ["H(0-29)/10 * * * *", "0-29/10 * * * *"],
    // EventBridge: no seconds, a year last, and Sunday is 1.
    ["0 0,6,12,18 * * ? *", "0 0,6,12,18 * * *"],
    ["0 9 ? * MON-FRI *", "0 9 * * MON-FRI"],
    ["0 9 ? * 2-6 *", "0 9 * * 1-5"],
    ["0 9 * * mon-fri *", "0 9 * * mon-fri"],
    ["cron(0 9 ? * 6#3 *)", "0 9 * * 5#3"],
    // Quartz: seconds first, and a year last.
    ["0 0 12 ? * 6L *", "0 12 * * 5L"],
    ["30 0 12 * * ? *", "30 0 12 * * *"],
  ])("%j: %j", async (cron, form) => {
    const error = await scheduleOf(cron, "UTC").catch((error: unknown) => error);
    expect(clientMessage(error)).toContain(JSON.stringify(cron));
    expect(clientMessage(error)).toMatch(/: pass "/);
    expect(clientMessage(error).endsWith(`: pass ${JSON.stringify(form)}`)).toBe(true);
    await scheduleOf(form, "UTC");
  });

  test.each([
    ["0 9 ? * 2 2027", '"0 9 * * 1", since a year cannot be chosen'],
    ["TZ=Europe/London 0 9 * * *", '"0 9 * * *", with timezone set to Europe/London'],
    ["CRON_TZ=Asia/Tokyo 0 22-2 * * *", '"0 22-23,0-2 * * *", with timezone set to Asia/Tokyo'],
    ["TZ=BST 0 9 * * *", '"0 9 * * *", with timezone set to an IANA name such as Europe/London'],
    ["@every 5m", '"5 minutes"'],
    ["@every 1h30m", '"1 hour 30 minutes"'],
    ["every 5 minutes", '"5 minutes"'],
    ["every day", '"1 day"'],
    ["rate(1 hour)", '"1 hour"'],
    ["P1D", '"1 day"'],
  ])("%j: %s", async (cron, form) => {
    const error = await scheduleOf(cron, "UTC").catch((error: unknown) => error);
    expect(clientMessage(error).endsWith(`: pass ${form}`)).toBe(true);
  });
});

test("a step over all days in one day field restricts, and the other day field must match too, as in Vixie cron", async () => {
  expect(await runs("0 0 */2 * mon", "UTC", WEDNESDAY, 3)).toEqual([
    "2026-03-09T00:00",
    "2026-03-23T00:00",
    "2026-04-13T00:00",
  ]);
  expect(await runs("0 0 1-7 * */2", "UTC", WEDNESDAY, 3)).toEqual([
    "2026-03-05T00:00",
    "2026-03-07T00:00",
    "2026-04-02T00:00",
  ]);
  // A range over all days does not begin with a star, so that either day field is enough.
  expect(await runs("0 0 1-31/2 * mon", "UTC", WEDNESDAY, 3)).toEqual([
    "2026-03-05T00:00",
    "2026-03-07T00:00",
    "2026-03-09T00:00",
  ]);
});

describe("a cron schedule at clock changes", () => {
  test.each([
    // Skipped: it moves on to the first existing wall time with its minute, once.
    ["30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", ["2026-03-08T07:30", "2026-03-09T06:30"]],
    ["0,30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", ["2026-03-08T07:00", "2026-03-09T06:00"]],
    ["0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00-03:00", ["2018-11-04T03:00", "2018-11-05T02:00"]],
    ["0 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30", ["2026-10-03T16:00", "2026-10-04T15:00"]],
    // A whole day is skipped.
    ["0 12 * * *", "Pacific/Apia", "2011-12-29T00:00-10:00", ["2011-12-29T22:00", "2011-12-30T10:00"]],
    // A schedule of every hour follows elapsed time: no hour of that day has passed.
    ["0 * 30 * *", "Pacific/Apia", "2011-12-29T00:00-10:00", ["2012-01-29T10:00", "2012-01-29T11:00"]],
    // Repeated by an hour: it counts once, in the first pass.
    ["30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", ["2026-11-01T05:30", "2026-11-02T06:30"]],
    ["30 1 * * *", "Europe/London", "2026-10-25T00:00+01:00", ["2026-10-25T00:30", "2026-10-26T01:30"]],
    // A schedule of every hour follows elapsed time.
    ["0 * * * *", "America/New_York", "2026-03-08T01:00-05:00", ["2026-03-08T07:00", "2026-03-08T08:00"]],
    ["0 * * * *", "America/New_York", "2026-11-01T00:59-04:00", ["2026-11-01T05:00", "2026-11-01T06:00"]],
    ["30 * * * *", "Europe/London", "2026-10-25T00:59+01:00", ["2026-10-25T00:30", "2026-10-25T01:30"]],
  ])("%j in %s, after %s, has the boundaries %j", async (cron, zone, from, expected) => {
    expect(await runs(cron, zone, Date.parse(from), expected.length)).toEqual(expected);
  });

  test("previous finds the first pass from the second one where clocks are set back by three hours", async () => {
    const { previous } = await scheduleOf("45 1 * * *", "Antarctica/Casey");
    expect(toIso(previous(Date.parse("2010-03-05T01:30+08:00")))).toBe(toIso(Date.parse("2010-03-05T01:45+11:00")));
  });

  test("next and previous find the matches of the wall clock in the days around a change", async () => {
    const changing = ZONES.map((zone) =>
      CLOCK_CHANGES.filter((change) => change.zone === zone && change.at % QUARTER === 0),
    );
    const anyChange = fc
      .constantFrom(...changing.filter(({ length }) => length > 0))
      .chain((changes) => fc.constantFrom(...changes));
    await fc.assert(
      fc.asyncProperty(anyChange, quarters, hours, async (change, minutes, hoursOfDay) => {
        const { next, previous } = await scheduleOf(`${minutes.join(",")} ${hoursOfDay.join(",")} * * *`, change.zone);
        const { from, to, shown, expected } = oracle(change, minutes, hoursOfDay);
        const walked: Instant[] = [];
        for (let run = next(from - 1); run < to; run = next(run)) walked.push(run);
        expect(walked.map(toIso)).toEqual(expected.map(toIso));
        // Backward, every match of the wall clock counts, and nothing else.
        const walkedBack: Instant[] = [];
        for (let run = previous(to); run >= from; run = previous(run)) walkedBack.unshift(run);
        expect(walkedBack.map(toIso)).toEqual(shown.map(toIso));
      }),
      { numRuns: 100 },
    );
  });

  test.each(ZONES)("a daily schedule has one boundary on every day of the year in %s", async (zone) => {
    const { next } = await scheduleOf("30 4 * * *", zone);
    const days = new Set<string>();
    const last = Date.parse("2027-01-01T12:00Z");
    let walked = 0;
    for (let run = next(Date.parse("2026-01-01T12:00Z")); run <= last; run = next(run), walked++) {
      days.add(zoned(run, zone).toPlainDate().toString());
    }
    expect([walked, days.size]).toEqual([365, 365]);
  });
});

const QUARTER = 15 * MINUTE;
const quarters = fc.subarray([0, 15, 30, 45], { minLength: 1 });
const hours = fc.oneof(
  fc.constant(Array.from({ length: 24 }, (_, hour) => hour)),
  fc.subarray([0, 1, 2, 3, 4, 12, 23], { minLength: 1 }),
);

/** Reads the wall clock every quarter of an hour in the days around a clock change. */
function oracle({ zone, at, by }: ClockChange, minutes: number[], hoursOfDay: number[]) {
  const [from, to] = [at - 1.5 * DAY, at + 1.5 * DAY];
  const everyHour = hoursOfDay.length === 24;
  const shown: Instant[] = [];
  const expected = new Set<Instant>();
  const readings = new Set<string>();
  for (let instant = from; instant < to; instant += QUARTER) {
    const wall = zoned(instant, zone).toPlainDateTime();
    if (!minutes.includes(wall.minute) || !hoursOfDay.includes(wall.hour)) continue;
    shown.push(instant);
    // A repeated hour counts once, unless the schedule runs every hour.
    if (by <= -HOUR && !everyHour && readings.has(String(wall))) continue;
    readings.add(String(wall));
    expected.add(instant);
  }
  if (by > 0 && !everyHour) {
    const opens = zoned(at - 1, zone)
      .toPlainDateTime()
      .round("minute");
    const leftOut = Array.from({ length: by / QUARTER }, (_, quarter) => opens.add({ minutes: 15 * quarter }));
    if (leftOut.some(({ hour, minute }) => hoursOfDay.includes(hour) && minutes.includes(minute))) {
      let madeUp = at;
      while (!minutes.includes(zoned(madeUp, zone).minute)) madeUp += QUARTER;
      expected.add(madeUp);
    }
  }
  return { from, to, shown, expected: [...expected].sort((a, b) => a - b) };
}

test("seeking finds the last boundaries that a walk finds, around clock changes too", async () => {
  const anyHours = fc.oneof(fc.constant("*"), fc.constantFrom("0", "1", "2", "3", "0-1", "1-3", "*/2", "0-22"));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CLOCK_CHANGES),
      fc.constantFrom("0", "30", "*/20", "59", "10,50"),
      anyHours,
      fc.integer({ min: -8 * HOUR, max: 8 * HOUR }),
      fc.integer({ min: 0, max: 30 * HOUR }),
      async ({ zone, at }, minutes, hoursOfDay, start, length) => {
        const { next, seek } = await scheduleOf(`${minutes} ${hoursOfDay} * * *`, zone);
        const [from, until] = [at + start, at + start + length];
        let [before, last] = [from, from];
        for (let run = next(from); run <= until; run = next(run)) [before, last] = [last, run];
        const expected = last === from ? null : { start: toIso(before), end: toIso(last) };
        const found = seek(from, until, 1);
        expect(found && { start: toIso(found.start), end: toIso(found.end) }).toEqual(expected);
      },
    ),
    { numRuns: 1_500 },
  );
});
