import { describe } from "@jest/globals";
import { jobStoreSuite } from "../../testing/stores/job-store-suite.ts";
import { MemoryStore } from "../../testing/stores/memory-store.ts";

describe("a store in memory, which other tests build on", () => {
  const documents = new Map<string, { version: string; json: string }>();
  jobStoreSuite(async () => new MemoryStore(documents));
});
