import { describe, expect, test } from "@jest/globals";
import { ACTION_TERMS } from "../../src/action/terms.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { checkStoreUrl } from "../../src/store/open-store.ts";

const SECRET = "hunter2";

describe("a url is the address of a repository", () => {
  test.each([
    ["git+https://github.com/octo-org/locks", "https://github.com/octo-org/locks"],
    ["git+https://git.example.com:8443/a/b/c.git/", "https://git.example.com:8443/a/b/c.git/"],
    ["GIT+HTTPS://GitHub.com/octo-org/Locks", "https://github.com/octo-org/Locks"],
    ["git+https://github.com/octo-org/a%20b", "https://github.com/octo-org/a%20b"],
    ["git+http://localhost:3000/locks.git", "http://localhost:3000/locks.git"],
    ["git+http://127.0.0.1/locks.git", "http://127.0.0.1/locks.git"],
    ["git+http://127.1/locks.git", "http://127.0.0.1/locks.git"],
    ["git+ssh://git@github.com/octo-org/locks.git", "ssh://git@github.com/octo-org/locks.git"],
    ["git+ssh://git.example.com:2222/locks", "ssh://git.example.com:2222/locks"],
    ["git+file:///srv/git/locks.git", "file:///srv/git/locks.git"],
    ["git+file:///srv/our%20locks", "file:///srv/our%20locks"],
  ])("%s", (url, address) => {
    expect(checkStoreUrl(url, ACTION_TERMS).href).toBe(address);
  });
});

const REFUSED: [url: string, why: string][] = [
  ["", "is no URL"],
  ["octo-org/locks", "is no URL"],
  ["git@github.com:octo-org/locks.git", "is no URL"],
  ["/srv/git/locks.git", "is no URL"],
  ["git+/", "is no URL"],
  ["https://github.com/octo-org/locks", "is that of a server, not of a repository"],
  ["http://localhost:3000", "for a git repository put git+ before it"],
  ["ssh://github.com/octo-org/locks", "is of no known kind"],
  ["git+ftp://example.com/locks", "is of no known kind"],
  ["git://github.com/octo-org/locks", "is of no known kind"],
  ["postgres://db/locks", "is of no known kind"],
  ["C:\\locks", "is of no known kind"],
  ["git+https://github.com", "names no repository"],
  ["git+https://github.com//", "names no repository"],
  ["git+https:///octo-org/locks", "names no repository"],
  ["git+https:github.com/octo-org/locks", "names no repository"],
  ["git+ssh://git.example.com", "names no repository"],
  ["git+file:locks.git", "names no repository"],
  ["git+file://srv/locks.git", "names no repository"],
  ["git+file:///", "names no repository"],
  ["git+http://git.example.com/locks", "would send the token unencrypted"],
  ["git+http://localhost.example.com/locks", "would send the token unencrypted"],
  ["git+http://127.0.0.1.example.com/locks", "would send the token unencrypted"],
  ["git+http://0.0.0.0/locks", "would send the token unencrypted"],
  ["git+https://github.com/octo-org/locks?ref=x", "has a query or a fragment"],
  ["git+https://github.com/octo-org/locks#main", "has a query or a fragment"],
  ["git+ssh://git@github.com/octo-org/locks#main", "has a query or a fragment"],
];

const WITH_SECRETS = [
  `git+https://${SECRET}@github.com/octo-org/locks`,
  `git+https://x-access-token:${SECRET}@github.com/octo-org/locks`,
  `git+http://user:${SECRET}@localhost/locks`,
  `git+ssh://git:${SECRET}@github.com/octo-org/locks`,
  `git+file://user:${SECRET}@host/locks`,
  `https://user:${SECRET}@github.com/octo-org/locks`,
  `https:user:${SECRET}@github.com/octo-org/locks`,
  `https://github.com/?token=${SECRET}`,
  `git+https://github.com/octo-org/locks?token=${SECRET}`,
  `git+https://github.com/octo-org/locks#${SECRET}`,
  `git+https:user:${SECRET}@github.com/octo-org/locks`,
  `git+https:/user:${SECRET}@github.com/octo-org/locks`,
  `git+https:///user:${SECRET}@github.com/octo-org/locks`,
  `git+https://user:${SECRET}@:99999/locks`,
  `user:${SECRET}@github.com:octo-org/locks`,
  `git+ftp://user:${SECRET}@github.com/locks`,
];

describe("a url is refused, and told how to be", () => {
  test.each(REFUSED)("%j", (url, why) => {
    expect(() => checkStoreUrl(url, ACTION_TERMS)).toThrow(ArgumentError);
    expect(() => checkStoreUrl(url, ACTION_TERMS)).toThrow(why);
    expect(() => checkStoreUrl(url, ACTION_TERMS)).toThrow(/git\+/);
  });

  test.each(WITH_SECRETS)("%s, without a word of its password", (url) => {
    const refused = thrownBy(() => checkStoreUrl(url, ACTION_TERMS));
    expect(refused).toBeInstanceOf(ArgumentError);
    expect(`${refused} ${(refused as Error).stack}`).not.toContain(SECRET);
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
