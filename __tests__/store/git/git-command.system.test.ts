import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { BareRepository } from "../../../testing/git/bare-repository.ts";
import { openStoreAt } from "../../../testing/git/served-repository.ts";
import { gitStoreSuite } from "../../../testing/stores/git-store-suite.ts";
import { jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

let repository: BareRepository;
let temporary: string;
beforeAll(() => {
  // A name that a URL has to escape.
  repository = new BareRepository("our lócks 100%.git");
  temporary = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
});
afterAll(() => {
  repository.remove();
  rmSync(temporary, { recursive: true, force: true });
});

describe("the git command", () => {
  const open = (options = {}) => openStoreAt(pathToFileURL(repository.folder).href, { temporary, ...options });
  jobStoreSuite(open);
  gitStoreSuite(() => ({ repository, open }));

  test("leaves nothing behind in its temporary folder", () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});
