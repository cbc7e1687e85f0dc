// The workers of Jest's own runner load this file. Jest kills a worker that takes more than half a second to exit, and then
// reports a leak. By itself Node frees the whole heap first, which took a third of a second after many test files on a busy
// machine. An explicit exit does not. A handle that a test leaves open still keeps the worker alive, since `beforeExit` comes
// after all handles.
process.once("beforeExit", () => {
  // Jest asks a connected worker for its memory usage, also one that has just ended.
  if (process.connected) process.disconnect?.();
  process.exit();
});
