import { describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { errorOf, NOON, servedClients } from "../../testing/client/served-clients.ts";
import type { GitFault } from "../../testing/git/git-server.mjs";

const clients = servedClients();

describe("a caller's signal", () => {
  test("aborted before, nothing is sent", async () => {
    await using client = clients.clientOf();
    const asked = clients.served.exchanges.length;
    const reason = new Error("Shutting down");
    const error = await errorOf(client.requestJobStart({ ...clients.hourly, signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: "aborted", cause: reason });
    expect(clients.served.exchanges.length).toBe(asked);
  });

  test.each(["before", "after"] as const)("aborted %s a push took the lock, no lock stays behind", async (cut) => {
    await using client = clients.clientOf();
    const caller = new AbortController();
    clients.served.fault = ({ command }) => {
      if (command !== "push" || caller.signal.aborted) return undefined;
      caller.abort();
      return { cut };
    };
    expect(await errorOf(client.requestJobStart({ ...clients.hourly, signal: caller.signal }))).toMatchObject({
      code: "aborted",
    });
    clients.served.fault = () => undefined;
    expect((await clients.startedBy(client)).intervalStartedAt).toEqual(new Date(NOON - HOUR));
  });

  test("aborted while waiting to try again, the call ends at once", async () => {
    const caller = new AbortController();
    const log: string[] = [];
    await using client = clients.clientOf({
      log(line) {
        log.push(line);
        // The client waits by the next turn of the event loop.
        setImmediate(() => caller.abort());
      },
    });
    clients.served.fault = () => ({ status: 503, headers: { "retry-after": "30" } });
    const start = errorOf(client.requestJobStart({ ...clients.hourly, signal: caller.signal }));
    expect((await start).code).toBe("aborted");
    expect(log).toEqual([expect.stringContaining("; trying again in 30 s")]);
  });

  test("aborted while a job is being finished, the job stays active and can be finished again", async () => {
    await using client = clients.clientOf();
    const job = await clients.startedBy(client);
    const caller = new AbortController();
    clients.served.fault = ({ command }) => {
      if (command !== "push" || caller.signal.aborted) return undefined;
      caller.abort();
      return { cut: "after" };
    };
    expect(await errorOf(job.finish({ signal: caller.signal }))).toMatchObject({
      code: "aborted",
      message: expect.stringContaining("may have been carried out"),
    });
    expect(job.isActive).toBe(true);
    await job.finish();
    expect(await client.startJob(clients.hourly)).toMatchObject({ reason: "not-due" });
  });
});

describe("a deadline", () => {
  test("that passes is an error, of the call's or of the client's", async () => {
    clients.served.fault = () => ({ status: 503 });
    await using client = clients.clientOf({ deadline: 100 });
    expect(await errorOf(client.requestJobStart(clients.hourly))).toMatchObject({ code: "unreachable" });
    await using patient = clients.clientOf();
    expect(await errorOf(patient.requestJobStart({ ...clients.hourly, deadline: 100 }))).toMatchObject({
      code: "unreachable",
      cause: { name: "ServiceError" },
    });
  });

  test("that passes while the lock is taken leaves none behind", async () => {
    await using client = clients.clientOf();
    const faults: GitFault[] = [{}, { cut: "after" }, { delay: 600 }];
    clients.served.fault = () => faults.shift();
    expect(await errorOf(client.requestJobStart({ ...clients.hourly, deadline: 500 }))).toMatchObject({
      code: "unreachable",
    });
    expect(await client.requestJobStart(clients.hourly)).not.toBeNull();
  });

  test("that passes where the release fails has an error that names the lock", async () => {
    await using client = clients.clientOf();
    let pushed = false;
    clients.served.fault = ({ command }) => {
      if (command === "push" && !pushed) {
        pushed = true;
        return { cut: "after" };
      }
      return pushed ? { status: 403 } : undefined;
    };
    const error = await errorOf(client.requestJobStart({ ...clients.hourly, deadline: 500 }));
    expect(error.message).toContain(`The lock of "${clients.hourly.jobName}" may have been taken`);
  });
});

describe("close", () => {
  test("refuses new starts, and can be called again", async () => {
    const client = clients.clientOf();
    const job = await clients.startedBy(client);
    await Promise.all([client.close(), client.close()]);
    expect(await errorOf(client.requestJobStart(clients.hourly))).toMatchObject({ code: "closed" });
    expect(await errorOf(job.finish())).toMatchObject({ code: "closed" });
    expect(job.isActive).toBe(true);
  });

  test("waits for calls in progress, with their tasks", async () => {
    const client = clients.clientOf();
    const order: string[] = [];
    let closed: Promise<unknown> | undefined;
    await client.requestJobExec(clients.hourly, async () => {
      closed = client.close().then(() => order.push("closed"));
      await new Promise(setImmediate);
      order.push("task");
    });
    await closed;
    expect(order).toEqual(["task", "closed"]);
    await using next = clients.clientOf();
    expect(await next.startJob(clients.hourly)).toMatchObject({ reason: "not-due" });
  });

  test("opens nothing if there was no call", async () => {
    let opened = 0;
    const open = () => Promise.reject(new Error(`Opened ${++opened} times`));
    await clients.clientOf({}, { open }).close();
    expect(opened).toBe(0);
  });
});
