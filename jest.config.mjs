/** Tests that need a Node with SQLite built in, or one that runs TypeScript. */
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
  projects: [
    {
      displayName: "fast",
      testRegex: ["/__tests__/.*(?<!\\.(?:system|programs))\\.test\\.ts$"],
      // The test files of a process share its modules, and so also the few caches in them, such as that of the zones.
      runner: "jest-light-runner/child-process",
      setupFiles: ["<rootDir>/testing/jest-globals.ts"],
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
