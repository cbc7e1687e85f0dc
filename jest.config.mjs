/**
 * The paths of the system tests that need a Node with SQLite built in, or one that runs TypeScript: `runsTypeScript` in
 * testing/run.mjs.
 */
const NEWER_NODE = "/__tests__/(cli/|store/sql/sqlite|server/faults/|scheduler/process-zone)";

/** @param {string} displayName @param {import("jest").Config} files */
const withProcesses = (displayName, files) => ({
  displayName,
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript" } } }] },
  ...files,
});

/** @type {import("jest").Config} */
export default {
  // The memory of the test files that a worker of Jest's own runner has run is never freed. Much of it would slow down the exit
  // of the worker.
  workerIdleMemoryLimit: "400MB",
  // For a test or hook that starts other processes. Some start a hundred. The fast tests have a shorter limit, in
  // testing/light-runner.ts.
  testTimeout: 10 * 60_000,
  projects: [
    {
      displayName: "fast",
      testRegex: ["/__tests__/.*(?<!\\.(?:system|programs))\\.test\\.ts$"],
      // The test files of a process share its modules, and so also the few caches in them, such as that of the zones.
      runner: "jest-light-runner/child-process",
      setupFiles: ["<rootDir>/testing/light-runner.ts"],
      setupFilesAfterEnv: ["<rootDir>/testing/no-child-processes.ts"],
    },
    withProcesses("system", {
      testRegex: ["/__tests__/.*\\.system\\.test\\.ts$"],
      testPathIgnorePatterns: ["/node_modules/", NEWER_NODE],
    }),
    withProcesses("system-on-newer-node", { testRegex: [`${NEWER_NODE}.*\\.system\\.test\\.ts$`] }),
    withProcesses("programs", { testRegex: ["/__tests__/.*\\.programs\\.test\\.ts$"] }),
  ],
};
