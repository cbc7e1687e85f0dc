/** The functions that `jest.useFakeTimers` replaces. */
const FAKED = [
  ...(["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate"] as const),
  ...(["setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
];

/** Options of `jest.useFakeTimers` that fake these functions, and leave all others as they are. */
export function fakeAlone(...faked: readonly (typeof FAKED)[number][]) {
  return { doNotFake: FAKED.filter((name) => !faked.includes(name)) };
}
