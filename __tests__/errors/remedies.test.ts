import { describe, expect, test } from "@jest/globals";
import { actionMessage, readingMessage } from "../../src/action/remedies.ts";
import { commandMessage } from "../../src/cli/remedies.ts";
import { clientMessage } from "../../src/client/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { messageWithRemedy, type Wording } from "../../src/errors/remedies.ts";
import { ServiceError } from "../../src/errors/service-error.ts";

const WORDING: Wording<"unreachable"> = {
  verb: "pass",
  nameOf: (field) => `the flag --${field}`,
  remedies: { missing: "pass it", unreachable: "check the network" },
};
const message = (error: unknown) => messageWithRemedy(error, WORDING);

describe("the message of an argument's error", () => {
  test("has the front end's name of the field, the value, the problem and the code's remedy", () => {
    const error = new ArgumentError("missing", { field: "url", value: "", problem: "is empty" });
    expect(message(error)).toBe('the flag --url "" is empty: pass it');
    expect(error.message).toBe('url "" is empty');
  });

  test("says what the argument takes where the code has no remedy", () => {
    const details = { field: "port", value: 70_000, problem: "is no port", expected: "0 to 65535" };
    expect(message(new ArgumentError("out-of-range", details))).toBe(
      "the flag --port 70000 is no port: pass 0 to 65535",
    );
  });

  test("has the code's remedy, and then what the argument takes", () => {
    const error = new ArgumentError("missing", { field: "url", problem: "is missing", expected: "a url" });
    expect(message(error)).toBe("the flag --url is missing: pass it, and pass a url");
  });

  test("is the problem alone where there is neither", () => {
    expect(message(new ArgumentError("conflict", { field: "url", problem: "is given twice" }))).toBe(
      "the flag --url is given twice",
    );
  });

  test("has the new name after the field was renamed, and all else as before", () => {
    const cause = new Error("cause");
    const details = { field: "startBuffer", value: -1, problem: "is negative", expected: "at least 0", cause };
    const renamed = new ArgumentError("invalid-interval", details).withField("start-buffer");
    expect(renamed).toMatchObject({ code: "invalid-interval", field: "start-buffer", expected: "at least 0", cause });
    expect(renamed.message).toBe("start-buffer -1 is negative");
  });
});

describe("the message of a service's error", () => {
  const about = { place: "https://a.example", effect: "none" } as const;

  test("has the place, the problem and the code's remedy", () => {
    const error = new ServiceError("unreachable", { ...about, problem: "answered 503" });
    expect(message(error)).toBe("https://a.example answered 503: check the network");
  });

  test("names no token and no permission for a folder of this machine", () => {
    const error = new ServiceError("repository-not-found", {
      place: "file:///locks",
      effect: "none",
      problem: "is away",
      isLocal: true,
    });
    expect([actionMessage, readingMessage, clientMessage, commandMessage].map((worded) => worded(error))).toEqual([
      "file:///locks is away: check the input url",
      "file:///locks is away: check the input url",
      "file:///locks is away: check the option url",
      "file:///locks is away: check --url or CRONYX_URL",
    ]);
  });

  test("has no remedy where the front end has none for the code", () => {
    const error = new ServiceError("database-full", { ...about, problem: "is full" });
    expect(message(error)).toBe("https://a.example is full");
  });
});

test("any other error keeps its own message", () => {
  expect(message(new TypeError("x is not a function"))).toBe("x is not a function");
  expect(message("text")).toBe("text");
  expect(message(undefined)).toBe("undefined");
});
