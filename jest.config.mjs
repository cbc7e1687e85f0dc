// What needs a Node that has SQLite built in: __tests__/run.mjs says which.
const WITH_SQLITE = ["/__tests__/cli/", "/__tests__/store/sql/sqlite", "/__tests__/server/faults/"];
const needs = process.env.NEEDS ?? "any";

/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  testRegex:
    needs === "sqlite" ? WITH_SQLITE.map((folder) => `${folder}.*\\.test\\.ts$`) : ["/__tests__/.*\\.test\\.ts$"],
  testPathIgnorePatterns: ["/node_modules/", ...(needs === "node 20" ? WITH_SQLITE : [])],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  testTimeout: 60_000,
  maxWorkers: 2,
};
