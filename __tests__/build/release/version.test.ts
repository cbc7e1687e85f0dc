import { expect, test } from "@jest/globals";
import { compareVersions, parseTag, readTag } from "../../../build/release/version.mjs";

test("a tag has a version, its prerelease and its major tag", () => {
  expect(parseTag("v1.20.3")).toEqual({
    tag: "v1.20.3",
    version: "1.20.3",
    numbers: [1, 20, 3],
    prerelease: [],
    majorTag: "v1",
  });
  expect(parseTag("v2.0.0-rc.1")).toMatchObject({
    version: "2.0.0-rc.1",
    prerelease: ["rc", "1"],
    majorTag: "v2",
  });
});

test.each([
  ...[
    "",
    "1.2.3",
    "v1",
    "v1.2",
    "v1.2.3.4",
    "v01.2.3",
    "v1.2.3-",
    "v1.2.3-rc..1",
    "v1.2.3-01",
    "v1.2.3+build",
    "V1.2.3",
  ],
  ...[
    "v1.2.3\n",
    "\nv1.2.3",
    "v1.2.3 ",
    "v1.2.3;id",
    "v1.2.3-$(id)",
    "v1.2.3-`id`",
    "v1.2.3-rc/1",
    "--upload-pack=id",
    "v１.2.3",
  ],
])("%j names no version", (tag) => {
  expect(readTag(tag)).toBeNull();
  expect(() => parseTag(tag)).toThrow(`The tag ${JSON.stringify(tag)} names no version: use vX.Y.Z`);
});

test("versions have the order of Semantic Versioning", () => {
  const ordered = [
    ...[
      "v0.9.10",
      "v1.0.0-alpha",
      "v1.0.0-alpha.1",
      "v1.0.0-alpha.beta",
      "v1.0.0-beta",
      "v1.0.0-beta.2",
      "v1.0.0-beta.11",
    ],
    ...["v1.0.0-rc.1", "v1.0.0", "v1.0.1", "v1.2.0", "v1.10.0", "v2.0.0", "v10.0.0"],
  ].map(parseTag);
  for (const [at, one] of ordered.entries()) {
    for (const [against, other] of ordered.entries()) {
      expect([one.tag, other.tag, Math.sign(compareVersions(one, other))]).toEqual([
        one.tag,
        other.tag,
        Math.sign(at - against),
      ]);
    }
  }
});
