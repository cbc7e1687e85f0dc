// What jest-light-runner, the runner of the fast tests, lacks.
import { registerHooks } from "node:module";
import fc from "fast-check";

// It defines Jest's functions as globals, and has no module `@jest/globals`.
const names = ["describe", "test", "expect", "beforeAll", "afterAll", "beforeEach", "afterEach", "jest"];
const url = `data:text/javascript,export const { ${names.join(", ")} } = globalThis`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url, shortCircuit: true } : next(specifier, context),
});

// It shows no cause of an error, and the cause of a property's failure is the assertion.
fc.configureGlobal({ includeErrorInReport: true });

// A worker whose test hangs would outlive Jest, which `testing/run.mjs` kills when the tests take too long.
process.once("disconnect", () => process.exit());
