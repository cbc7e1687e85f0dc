import { expect, test } from "@jest/globals";
import { isLoopback } from "../../src/location/loopback.ts";

test.each(["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["", "0.0.0.0", "::", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "[::2]"])(
  "%j may be another machine",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
