/**
 * Does `work` while this process waits for an answer, and only after the work that the next request needs, which
 * `setImmediate` does first. If the answer comes before that, the next request is sent before `work`.
 */
export function whileWaiting(work: () => void): void {
  // Between two turns, Node handles an answer that has arrived.
  setImmediate(() => setImmediate(work));
}
