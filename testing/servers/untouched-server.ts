import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { MemoryStore } from "../stores/memory-store.ts";
import { type Answer, type RunningServer, runServer } from "./running-server.ts";

/** Counts the requests to the store. */
class WatchedStore extends MemoryStore {
  asked = 0;

  override async read(names: readonly string[]) {
    this.asked++;
    return super.read(names);
  }

  override async swap(...swap: Parameters<MemoryStore["swap"]>) {
    this.asked++;
    return super.swap(...swap);
  }
}

/**
 * Runs one server for the tests of a file. After each test it checks that the test neither asked the store for anything
 * nor changed its contents: the job "report" with an active lock and a finished run.
 */
export function runUntouchedServer(): { readonly store: MemoryStore; readonly server: RunningServer } {
  const store = new WatchedStore();
  let server: RunningServer;
  let kept: unknown;
  const contents = async () => [...(await store.read(await store.list())).records];
  beforeAll(async () => {
    server = await runServer({ store });
    const { id } = (await server.start("/report", { jobInterval: HOUR })).json;
    await server.send("PUT", `/report/${id}/finish`);
    server.clock.now += HOUR;
    expect((await server.start("/report", { jobInterval: HOUR })).json).toMatchObject({ isActive: true });
    kept = structuredClone(await contents());
  });
  beforeEach(() => {
    store.asked = 0;
  });
  afterEach(async () => {
    expect(store.asked).toBe(0);
    expect(await contents()).toEqual(kept);
  });
  afterAll(() => server.close());

  return {
    store,
    get server() {
      return server;
    },
  };
}

/** Expects an answer of JSON with nothing but the message. */
export function expectRefusal(answer: Answer, status: number, message: string | RegExp) {
  expect(answer).toMatchObject({ status, headers: { "content-type": "application/json; charset=utf-8" } });
  expect(Object.keys(answer.json)).toEqual(["message"]);
  if (typeof message === "string") expect(answer.json.message).toBe(message);
  else expect(answer.json.message).toMatch(message);
}
