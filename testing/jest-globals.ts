// The runner of the fast tests defines Jest's functions as globals, and has no module `@jest/globals`. Here it gets one.
import { registerHooks } from "node:module";

const names = ["describe", "test", "expect", "beforeAll", "afterAll", "beforeEach", "afterEach", "jest"];
const url = `data:text/javascript,export const { ${names.join(", ")} } = globalThis`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url, shortCircuit: true } : next(specifier, context),
});
