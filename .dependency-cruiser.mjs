// The directions of imports in src/, as CONTRIBUTING.md, "Layout", has them.

const GROUND = ["network", "location", "errors"];
const BACKEND = ["backend", "store", "scheduler", ...GROUND];

/** Each folder of src/, and the folders that it may import from. */
const MAY_IMPORT = {
  action: ["command", ...BACKEND],
  cli: ["command", "server", ...BACKEND],
  client: BACKEND,
  server: BACKEND,
  command: BACKEND,
  backend: BACKEND,
  store: ["scheduler", ...GROUND],
  scheduler: ["errors"],
  network: ["errors"],
  location: ["errors"],
  errors: [],
};

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(MAY_IMPORT).map(([folder, others]) => ({
      name: `${folder}-imports-only-what-is-below`,
      severity: /** @type {const} */ ("error"),
      from: { path: `^src/${folder}/` },
      to: { path: "^src/", pathNot: `^src/(${[folder, ...others].join("|")})/` },
    })),
    {
      name: "src-imports-no-tests",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(testing|__tests__|demo|bench|build)/" },
    },
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
