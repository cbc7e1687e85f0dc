// Runs the tests by the Node that npm itself runs by; and those of what needs a newer one, where that is older, by the one
// that the package `node` brought along.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const require = createRequire(import.meta.url);
const jest = path.join(path.dirname(require.resolve("jest/package.json")), "bin", "jest.js");
const brought = path.join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const patterns = process.argv.slice(2);
/** A test that failed may have left something open that keeps Jest from ending. In milliseconds. */
const LONGEST_RUN = 10 * 60_000;

/** @param {string} node @param {string} needs What jest.config.mjs makes of it. */
function run(node, needs) {
  const args = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning", jest, ...patterns];
  if (patterns.length > 0) args.push("--passWithNoTests");
  const { status, error } = spawnSync(node, args, {
    cwd: root,
    stdio: "inherit",
    timeout: LONGEST_RUN,
    killSignal: "SIGKILL",
    env: { ...process.env, NEEDS: needs },
  });
  if (error) throw error;
  return status ?? 1;
}

const own = process.env.npm_node_execpath ?? process.execPath;
const { stdout } = spawnSync(own, ["--version"], { encoding: "utf8" });
const [major = 0, minor = 0] = stdout.slice(1).split(".").map(Number);
const hasSqlite = major > 22 || (major === 22 && minor >= 13);
process.exitCode = hasSqlite ? run(own, "any") : run(own, "node 20") || run(brought, "sqlite");
