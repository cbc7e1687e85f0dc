import { beforeEach, describe, expect, test } from "@jest/globals";
import { type RemoteErrorCode, ServiceError } from "../../../src/errors/service-error.ts";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { newJobState } from "../../../src/scheduler/state-document.ts";
import { chained } from "../../../src/store/git/document-commit.ts";
import type { GitRemote, PushAnswer, RefUpdate } from "../../../src/store/git/git-remote.ts";
import { GitStore } from "../../../src/store/git/git-store.ts";
import { idOf, NO_OBJECT } from "../../../src/store/git/objects.ts";
import { endingDeadline } from "../../../testing/clock/ending-deadline.ts";

const JOB = newJobState("report");
const OTHER = "a".repeat(40);
const NOT_MOVED = refused("update-failed", 0);

function refused(code: RemoteErrorCode, retryAfter?: number): PushAnswer {
  const details = { place: "memory", problem: "refused to move the ref", effect: "none", retryAfter } as const;
  return { outcome: "failed", failure: new ServiceError(code, details) };
}

function unknown(): PushAnswer {
  const details = { place: "memory", problem: "lost the answer", effect: "possible", retryAfter: 0 } as const;
  return { outcome: "failed", failure: new ServiceError("unreachable", details) };
}

/** A remote with one ref. `answers` has its answers to pushes. */
class OneRef implements GitRemote {
  readonly place = "memory";
  readonly pushed: RefUpdate[] = [];
  id: string = NO_OBJECT;
  /** The next answers to pushes, and what happens to the ref meanwhile. Without one the push moves the ref. */
  answers: ((update: RefUpdate) => PushAnswer)[] = [];

  async push(update: RefUpdate): Promise<PushAnswer> {
    this.pushed.push(update);
    const answer = this.answers.shift();
    if (answer !== undefined) return answer(update);
    if (this.id !== update.from) return NOT_MOVED;
    this.id = update.to;
    return { outcome: "moved" };
  }

  async tips(refs: readonly string[]) {
    return this.id === NO_OBJECT ? [] : refs.map((ref) => ({ ref, id: this.id }));
  }

  async fetch(): Promise<never> {
    throw new Error("A swap fetches nothing");
  }

  async close(): Promise<void> {}
}

let remote: OneRef;
let store: GitStore;

beforeEach(() => {
  remote = new OneRef();
  store = new GitStore({ remote, log: () => {}, now: () => 0 });
});

const swap = (expected: string | null = null) => store.swap(expected, JOB, deadlineIn(10_000));

describe("one holder: the ref alone shows whether a push moved it", () => {
  test("a push without an answer that moved the ref is made", async () => {
    remote.answers.push((update) => {
      remote.id = update.to;
      return unknown();
    });
    expect(await swap()).toEqual({ version: remote.id });
    expect(remote.pushed).toHaveLength(1);
  });

  test("a rejected push that moved the ref is made", async () => {
    remote.answers.push((update) => {
      remote.id = update.to;
      return NOT_MOVED;
    });
    expect(await swap()).toEqual({ version: remote.id });
  });

  test("a rejected push beside another one is lost, and changed nothing", async () => {
    remote.id = OTHER;
    expect(await swap()).toEqual({ version: null, effect: "none" });
    expect(remote.pushed).toHaveLength(1);
  });

  test("a push without an answer whose ref is another one now may have been made", async () => {
    remote.answers.push(() => {
      remote.id = OTHER;
      return unknown();
    });
    expect(await swap()).toEqual({ version: null, effect: "possible" });
  });

  test("a push that left the ref as it was is sent again, the same", async () => {
    remote.answers.push(unknown, () => NOT_MOVED);
    expect(await swap()).toEqual({ version: remote.id });
    expect(new Set(remote.pushed.map(({ to }) => to)).size).toBe(1);
    expect(remote.pushed).toHaveLength(3);
  });
});

test("one holder: two swaps to equal documents push different commits", async () => {
  await swap();
  remote.id = NO_OBJECT;
  await swap();
  const [first, second] = remote.pushed.map(({ commit }) => commit && idOf(commit));
  expect(first).not.toBe(second);
});

describe("a push that left the ref as it was", () => {
  const failing = async (...answers: PushAnswer[]) => {
    remote.id = OTHER;
    remote.answers.push(...answers.map((answer) => () => answer));
    const error = await swap(OTHER).catch((error: unknown) => error);
    return { error, pushes: remote.pushed.map(({ isChained }) => isChained) };
  };

  test.each(["token-may-not-write", "repository-read-only", "rate-limited", "update-failed"] as const)(
    "is final after a refusal with %s that nothing can change",
    async (code) => {
      expect(await failing(refused(code))).toMatchObject({ error: { code, effect: "none" }, pushes: [false] });
    },
  );

  test("is possible after an answer without a result", async () => {
    const details = { place: "memory", problem: "answered with a page", effect: "possible" } as const;
    const answer: PushAnswer = { outcome: "failed", failure: new ServiceError("not-a-repository", details) };
    expect(await failing(answer)).toMatchObject({ error: { effect: "possible" }, pushes: [false] });
  });

  test.each(["not-fast-forward", "update-refused"] as const)("is sent as a fast-forward after %s", async (code) => {
    expect(await failing(refused(code))).toMatchObject({ error: { version: remote.id }, pushes: [false, true] });
  });

  test("is final when that is refused too", async () => {
    const known = await failing(refused("not-fast-forward"), refused("update-refused"));
    expect(known).toMatchObject({ error: { code: "updates-not-allowed", effect: "none" }, pushes: [false, true] });
  });

  test("is final when a hook refuses that too, in its last words", async () => {
    const other = await failing(refused("update-refused"), refused("update-refused"));
    expect(other).toMatchObject({ error: { code: "update-refused", effect: "none" }, pushes: [false, true] });
  });

  test("is final at once for a ref that is to be created", async () => {
    remote.answers.push(() => refused("update-refused"));
    await expect(swap()).rejects.toMatchObject({ code: "update-refused" });
    expect(remote.pushed).toHaveLength(1);
  });

  test("is sent again until the deadline after a refusal without a reason", async () => {
    const { deadline, pass } = endingDeadline();
    remote.push = async (update) => {
      remote.pushed.push(update);
      if (remote.pushed.length === 3) pass();
      return NOT_MOVED;
    };
    const error = await store.swap(null, JOB, deadline).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "update-failed", effect: "none" });
    expect(remote.pushed).toHaveLength(3);
  });
});

test("a chain continues from the document that was read, and costs one push", async () => {
  remote.id = OTHER;
  const { version } = await store.swap(OTHER, chained(JOB), deadlineIn(10_000));
  expect(remote.pushed).toMatchObject([{ from: OTHER, to: version, isChained: true }]);
  expect(remote.pushed[0]?.commit?.body.toString()).toContain(`\nparent ${OTHER}\n`);
});
