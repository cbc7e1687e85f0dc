import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { timelinePictures } from "../../build/timeline-picture.mjs";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/pictures");

test("the pictures of the README show what the action does", async () => {
  const pictures = await timelinePictures();
  expect(Object.keys(pictures)).toEqual(["timeline-light.svg", "timeline-dark.svg"]);
  for (const [name, picture] of Object.entries(pictures)) {
    expect(readFileSync(path.join(FOLDER, name), "utf8")).toBe(picture);
  }
});
