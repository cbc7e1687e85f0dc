import { expect, test } from "@jest/globals";
import { isStale } from "../../src/backend/stale-lock.ts";
import { delayOf } from "../../src/scheduler/delay.ts";
import { MINUTE } from "../../src/scheduler/instant.ts";

const NOON = Date.parse("2026-11-24T12:00:00Z");

test("a lock is stale once its retry interval has passed", async () => {
  const retryInterval = await delayOf("retryInterval", MINUTE, "UTC");
  expect(isStale({ retryInterval }, NOON, MINUTE - 1)).toBe(false);
  expect(isStale({ retryInterval }, NOON, MINUTE)).toBe(true);
});

test("a lock without a retry interval is never stale", () => {
  expect(isStale({ retryInterval: null }, NOON, 1_000 * MINUTE)).toBe(false);
});

test("a lock with a retry interval of 0 is never stale, since a renewal gains nothing", async () => {
  const retryInterval = await delayOf("retryInterval", 0, "UTC");
  expect(isStale({ retryInterval }, NOON, 0)).toBe(false);
  expect(isStale({ retryInterval }, NOON, MINUTE)).toBe(false);
});
