/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  testRegex: ["/__tests__/.*\\.test\\.ts$"],
  setupFilesAfterEnv: ["<rootDir>/testing/no-child-processes.mjs"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  testTimeout: 60_000,
  maxWorkers: 2,
  // The memory of the test files that a worker has run is never freed. Much of it would slow down the exit of the worker.
  workerIdleMemoryLimit: "400MB",
};
