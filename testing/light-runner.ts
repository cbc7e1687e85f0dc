// What jest-light-runner, the runner of the fast tests, lacks.
import { registerHooks } from "node:module";
import fc from "fast-check";
import { addEventHandler } from "jest-circus";

/** Milliseconds. */
const LONGEST_TEST = 60_000;

// It defines Jest's functions as globals, and has no module `@jest/globals`.
const names = ["describe", "test", "expect", "beforeAll", "afterAll", "beforeEach", "afterEach", "jest"];
const url = `data:text/javascript,export const { ${names.join(", ")} } = globalThis`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url, shortCircuit: true } : next(specifier, context),
});

// It shows no cause of an error, and the cause of a property's failure is the assertion.
fc.configureGlobal({ includeErrorInReport: true });

// It has no limit for the time of a test or hook. That of a test may be given as the third argument of `test`.
addEventHandler((event, { currentDescribeBlock: block }) => {
  const added = { add_test: block.children, add_hook: block.hooks }[event.name as string]?.at(-1);
  if (added === undefined || !("fn" in added) || added.fn === undefined) return;
  added.fn = within(added.timeout ?? LONGEST_TEST, added.fn as () => unknown);
});

/** @param ms The longest time in milliseconds. */
function within(ms: number, run: () => unknown): () => Promise<void> {
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`This took longer than ${ms} ms`)), ms);
    });
    try {
      await Promise.race([run(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

// A worker whose test hangs would outlive Jest, which `testing/run.mjs` kills when the tests take too long.
process.once("disconnect", () => process.exit());
