import { expect, test } from "@jest/globals";
import { type Effect, ServiceError, strongerEffect } from "../../src/errors/service-error.ts";

const COMBINATIONS: [earlier: Effect, own: Effect, all: Effect][] = [
  ["none", "none", "none"],
  ["none", "possible", "possible"],
  ["possible", "none", "possible"],
  ["possible", "possible", "possible"],
];

test.each(COMBINATIONS)("%s, then %s, is %s in all, and nothing else changes", (earlier, own, all) => {
  const cause = new Error("cause");
  const details = { place: "https://a.example", problem: "answered 503", effect: own, retryAfter: 250, cause };
  const error = new ServiceError("unreachable", details).withEffect(earlier);
  expect(error).toBeInstanceOf(ServiceError);
  expect(error).toMatchObject({
    code: "unreachable",
    message: "https://a.example answered 503",
    effect: all,
    retryAfter: 250,
    cause,
  });
  expect(strongerEffect(earlier, own)).toBe(all);
});

test("an error whose effect stays the same is the same error", () => {
  const details = { place: "https://a.example", problem: "answered 503", effect: "possible" } as const;
  const error = new ServiceError("unreachable", details);
  expect(error.withEffect("none")).toBe(error);
  expect(error.withEffect("possible")).toBe(error);
});

test("an error without retryAfter cannot pass", () => {
  const details = { place: "https://a.example", problem: "refused the token", effect: "none" } as const;
  const error = new ServiceError("token-refused", details);
  expect(error.retryAfter).toBeNull();
  expect(error.withEffect("possible")).toMatchObject({ effect: "possible", retryAfter: null });
});
