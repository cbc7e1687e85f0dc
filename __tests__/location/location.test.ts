import { describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { canonicalUrl, parseLocation, type RepositoryLocation } from "../../src/location/location.ts";

const SECRET = "hunter2";

describe("a url is the address of a repository", () => {
  test.each([
    ["git+https://github.com/octo-org/locks", "https://github.com/octo-org/locks"],
    ["git+https://git.example.com:8443/a/b/c.git/", "https://git.example.com:8443/a/b/c.git/"],
    ["GIT+HTTPS://GitHub.com/octo-org/Locks", "https://github.com/octo-org/Locks"],
    ["git+https://github.example.com//octo-org/locks", "https://github.example.com/octo-org/locks"],
    ["git+ssh://git@github.example.com//octo-org/locks", "ssh://git@github.example.com/octo-org/locks"],
    ["git+https://github.com/octo-org/a%20b", "https://github.com/octo-org/a%20b"],
    ["git+http://localhost:3000/locks.git", "http://localhost:3000/locks.git"],
    ["git+http://127.0.0.1/locks.git", "http://127.0.0.1/locks.git"],
    ["git+http://127.1/locks.git", "http://127.0.0.1/locks.git"],
    ["git+ssh://git@github.com/octo-org/locks.git", "ssh://git@github.com/octo-org/locks.git"],
    ["git+ssh://git.example.com:2222/locks", "ssh://git.example.com:2222/locks"],
    ["git+file:///srv/git/locks.git", "file:///srv/git/locks.git"],
    ["git+file:///srv/our%20locks", "file:///srv/our%20locks"],
  ])("%s", (url, address) => {
    const [, transport = ""] = /^(https?|ssh|file):/.exec(address) ?? [];
    const location = parseLocation(url);
    expect(location).toMatchObject({ kind: "repository", transport });
    expect((location as RepositoryLocation).url.href).toBe(address);
  });
});

test.each([
  ["git+https://GitHub.com:443/octo-org/locks//", "git+https://github.com/octo-org/locks"],
  ["GIT+HTTPS://github.com/octo-org/%6cocks%2d%2fa", "git+https://github.com/octo-org/locks-%2Fa"],
  ["git+https://github.com/Octo-Org/Locks", "git+https://github.com/Octo-Org/Locks"],
  ["git+ssh://git@GitHub.com:22/octo-org/locks.git/", "git+ssh://git@github.com/octo-org/locks.git"],
  ["git+ssh://Git@github.com:2222/octo-org/locks", "git+ssh://Git@github.com:2222/octo-org/locks"],
  ["git+file:///srv/./git/locks.git/", "git+file:///srv/git/locks.git"],
  ["HTTPS://Locks.example.com:443/team/", "https://locks.example.com/team"],
  ["http://[::1]:3000", "http://[::1]:3000"],
])("the canonical form of %s is %s", (url, canonical) => {
  expect(canonicalUrl(parseLocation(url))).toBe(canonical);
  expect(canonicalUrl(parseLocation(canonical))).toBe(canonical);
});

describe("a url is the address of a server", () => {
  test.each([
    ["https://cronyx.example.com", "https://cronyx.example.com", false],
    ["https://cronyx.example.com/", "https://cronyx.example.com", false],
    ["HTTPS://Cronyx.Example.com:8443/team/locks//", "https://cronyx.example.com:8443/team/locks", false],
    ["https://github.com/octo-org/locks", "https://github.com/octo-org/locks", false],
    ["http://localhost:3000", "http://localhost:3000", false],
    ["http://127.0.0.1:3000/", "http://127.0.0.1:3000", false],
    ["http://[::1]:3000", "http://[::1]:3000", false],
    ["http://cronyx.example.com", "http://cronyx.example.com", true],
    ["http://127.0.0.1.example.com", "http://127.0.0.1.example.com", true],
  ])("%s", (url, address, isUnencrypted) => {
    expect(parseLocation(url)).toEqual({ kind: "server", address, isUnencrypted });
  });
});

const REFUSED: [url: string, code: string, why: string][] = [
  ["", "invalid-location", "is not a URL"],
  ["octo-org/locks", "invalid-location", "is not a URL"],
  ["git@github.com:octo-org/locks.git", "invalid-location", "is not a URL"],
  ["/srv/git/locks.git", "invalid-location", "is not a URL"],
  ["git+/", "invalid-location", "is not a URL"],
  ["ssh://github.com/octo-org/locks", "invalid-location", "has an unknown scheme"],
  ["git+ftp://example.com/locks", "invalid-location", "has an unknown scheme"],
  ["git://github.com/octo-org/locks", "invalid-location", "has an unknown scheme"],
  ["postgres://db/locks", "invalid-location", "has an unknown scheme"],
  ["C:\\locks", "invalid-location", "has an unknown scheme"],
  ["git+https://github.com", "invalid-location", "names no repository"],
  ["git+https://github.com//", "invalid-location", "names no repository"],
  ["git+https:///octo-org/locks", "invalid-location", "names no repository"],
  ["git+https:github.com/octo-org/locks", "invalid-location", "names no repository"],
  ["git+ssh://git.example.com", "invalid-location", "names no repository"],
  ["git+file:locks.git", "invalid-location", "names no repository"],
  ["git+file://srv/locks.git", "invalid-location", "names no repository"],
  ["git+file:///", "invalid-location", "names no repository"],
  ["git+http://git.example.com/locks", "unencrypted-location", "would send the token unencrypted"],
  ["git+http://localhost.example.com/locks", "unencrypted-location", "would send the token unencrypted"],
  ["git+http://127.0.0.1.example.com/locks", "unencrypted-location", "would send the token unencrypted"],
  ["git+http://0.0.0.0/locks", "unencrypted-location", "would send the token unencrypted"],
  ["git+https://github.com/octo-org/locks?ref=x", "invalid-location", "has a query or a fragment"],
  ["git+https://github.com/octo-org/locks#main", "invalid-location", "has a query or a fragment"],
  ["git+ssh://git@github.com/octo-org/locks#main", "invalid-location", "has a query or a fragment"],
  ["https://", "invalid-location", "names no server"],
  [" https://cronyx.example.com", "invalid-location", "names no server"],
  ["https:cronyx.example.com", "invalid-location", "names no server"],
  ["http:///cronyx", "invalid-location", "names no server"],
  ["https://cronyx.example.com:99999", "invalid-location", "names no server"],
  ["https://cronyx.example.com?team=a", "invalid-location", "has a query or a fragment, which no server has"],
  ["https://cronyx.example.com/#a", "invalid-location", "has a query or a fragment, which no server has"],
  ["https://cronyx.example.com/?", "invalid-location", "has a query or a fragment, which no server has"],
  ["git+file:///a%2Fb", "invalid-location", "contains an escape that stands for no character of a path"],
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

test("a url of more than 2,000 characters is refused, and shown in part", () => {
  const error = thrownBy(() => parseLocation(`https://locks.example.com/${"x".repeat(20_000)}`));
  expect(error).toMatchObject({ code: "invalid-location" });
  expect((error as Error).message).toMatch(/^url "https:\/\/locks\.example\.com\/x{50,60}… has 20026 characters$/);
});

describe("a url is refused", () => {
  test.each(REFUSED)("%j: %s, it %s", (url, code, why) => {
    const error = thrownBy(() => parseLocation(url));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ code, field: "url" });
    const value = /[@?#]/.test(url.replace("git@github.com:", "")) ? "" : `${JSON.stringify(url)} `;
    expect((error as Error).message).toContain(`url ${value}${why}`);
    // The message has the form of a repository's url in any case.
    expect(actionMessage(error)).toMatch(/ git\+(https|ssh|file)/);
  });

  test.each([
    ["git@github.com:octo-org/locks.git", "git+ssh://git@github.com/octo-org/locks.git"],
    ["github.com:octo-org/locks", "git+ssh://git@github.com/octo-org/locks"],
    ["ssh://git@github.com/octo-org/locks", "git+ssh://git@github.com/octo-org/locks"],
    ["git://github.com/octo-org/locks", "git+https://github.com/octo-org/locks"],
    ["github.com/octo-org/locks", "git+https://github.com/octo-org/locks"],
    ["octo-org/locks", "git+https://github.com/octo-org/locks"],
    ["file:///srv/git/locks.git", "git+file:///srv/git/locks.git"],
    ["/srv/git/locks.git", "git+file:///srv/git/locks.git"],
    ["C:\\locks", "git+file:///C:/locks"],
  ])("%j, and shows the accepted form, %s", (url, form) => {
    const message = actionMessage(thrownBy(() => parseLocation(url)));
    expect(message).toContain(`url ${JSON.stringify(url)} `);
    expect(message.endsWith(`: use ${form}`)).toBe(true);
    parseLocation(form);
  });

  test.each(WITH_SECRETS)("%s, and its message does not contain the password", (url) => {
    const error = thrownBy(() => parseLocation(url));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(`${error} ${(error as Error).stack} ${actionMessage(error)}`).not.toContain(SECRET);
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
