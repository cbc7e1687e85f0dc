// The faults of an original server that docs/rest-api.md lists must not occur on this one. Two processes in two time zones
// run on one database.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startPostgres } from "../../testing/databases/postgres-server.ts";
import { freePort } from "../../testing/network/free-port.ts";

const MAIN = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
const HOUR = 3_600_000;
const HOURLY = { jobInterval: HOUR };
const ZONES = ["Pacific/Auckland", "America/New_York"];

/** Relays connections to a port of this machine, or refuses them. */
class Gate {
  readonly #sockets = new Set<net.Socket>();
  readonly #server: net.Server;
  #port = 0;

  constructor(target: number) {
    this.#server = net.createServer((socket) => {
      const onward = net.connect(target, "127.0.0.1");
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on("error", () => {}).on("close", () => [socket, onward].forEach((other) => void other.destroy()));
      }
      socket.pipe(onward).pipe(socket);
    });
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await closed;
  }
}

const running = new Set<ChildProcess>();
let folder: string;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let gate: Gate;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-original-"));
  postgres = await startPostgres();
  // The time zone of a session must not matter either.
  await postgres.query("CREATE DATABASE shared");
  await postgres.query("ALTER DATABASE shared SET timezone = 'Asia/Kolkata'");
  gate = new Gate(Number(new URL(postgres.url("x")).port));
  await gate.open();
});
afterAll(async () => {
  const exits = [...running].map((server) => once(server, "exit"));
  for (const server of running) server.kill("SIGKILL");
  await Promise.all(exits);
  await gate.shut();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns the address of a server, after it has begun to listen. */
async function serve(storeUrl: string, zone = "UTC", port = 0): Promise<string> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, TZ: zone, JOB_STORE_URL: storeUrl, SERVER_PORT: String(port) };
  const server = spawn(process.execPath, [MAIN, "serve"], { env, stdio: ["ignore", "pipe", "inherit"] });
  running.add(server);
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\/\/[\d.]+:\d+/.exec(line) ?? [];
    if (url !== undefined) {
      server.stdout.resume();
      return url;
    }
  }
  throw new Error("The server ended before it listened");
}

async function send(url: string, method: string, body?: unknown) {
  const sent =
    body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(url, { method, ...sent });
  const text = await answer.text();
  return { status: answer.status, text, json: text === "" ? null : JSON.parse(text) };
}

describe.each(["sqlite", "postgres"])("two servers on one database of %s", (kind) => {
  let servers: readonly [string, string];
  const file = () => path.join(folder, "shared.db");
  const write = async (sql: string) => {
    if (kind === "postgres") return void (await postgres.query(sql, "shared"));
    const database = new DatabaseSync(file(), { timeout: 1_000 });
    database.exec(sql);
    database.close();
  };
  beforeAll(async () => {
    const url = kind === "postgres" ? postgres.url("shared") : `sqlite:${file()}`;
    const [first, second] = await Promise.all(ZONES.map((zone) => serve(url, zone)));
    servers = [first as string, second as string];
  });

  const start = (at: 0 | 1, path: string, body: object = HOURLY) => send(`${servers[at]}${path}`, "POST", body);
  const end = (at: 0 | 1, path: string) => send(`${servers[at]}${path}`, "PUT");
  const fifty = async (path: string, body: object) => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => start(at % 2 === 0 ? 0 : 1, path, body)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    return answers.flatMap(({ json }) => json ?? []);
  };

  test("see the same instants, whatever zone each is in", async () => {
    const before = Date.now();
    const { json } = await start(0, "/zones");
    expect(Date.parse(json.createdAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(json.createdAt)).toBeLessThanOrEqual(Date.now());
    const { interval, intervalStartedAt, intervalEndedAt, createdAt, updatedAt } = json;
    const kept = { interval, intervalStartedAt, intervalEndedAt, createdAt, updatedAt };
    for (const server of servers) expect((await send(`${server}/zones`, "GET")).json.lock).toMatchObject(kept);
    expect((await end(1, `/zones/${json.id}/finish`)).status).toBe(200);
    for (const at of [0, 1] as const) {
      expect((await send(`${servers[at]}/zones?explain=true`, "POST", HOURLY)).json).toEqual({
        started: false,
        reason: "not-due",
        dueAt: new Date(Date.parse(intervalEndedAt) + HOUR).toISOString(),
      });
      const daily = { jobInterval: "0 0 * * *", noLock: true };
      expect((await start(at, "/daily", daily)).json.intervalStartedAt).toMatch(/T00:00:00\.000Z$/);
    }
  });

  test("grant a job's first interval, and each takeover of it, to one of fifty callers", async () => {
    const firsts: { id: string }[] = [];
    for (let round = 0; round < 2; round++) firsts.push(...(await fifty(`/first-${round}`, HOURLY)));
    expect(firsts).toHaveLength(2);
    // The locks are a century old, and the calls take no hour: a lock that was taken over is not taken over again.
    const past = ["createdAt", "updatedAt"].reduce(
      (state, field) => `replace(${state}, '"${field}":"20', '"${field}":"19')`,
      "state",
    );
    await write(`UPDATE cronyx_job SET state = ${past} WHERE state LIKE '%"name":"first-%'`);
    for (const [round, first] of firsts.entries()) {
      const taken = await fifty(`/first-${round}`, { ...HOURLY, retryInterval: HOUR });
      expect(taken).toHaveLength(1);
      expect(taken[0].id).not.toBe(first.id);
    }
  });

  test("refuse the end of a lock that was taken over, and keep the new lock", async () => {
    const zombie = (await start(0, "/taken")).json;
    const holder = (await start(1, "/taken", { jobInterval: 2 * HOUR, retryInterval: 0 })).json;
    for (const how of ["finish", "interrupt"]) {
      expect(await end(0, `/taken/${zombie.id}/${how}`)).toMatchObject({ status: 404 });
    }
    expect((await end(0, `/taken/${holder.id}/finish`)).status).toBe(200);
    expect((await send(`${servers[1]}/taken`, "GET")).json).toMatchObject({
      lock: null,
      lastFinished: { intervalEndedAt: holder.intervalEndedAt },
      history: [{ outcome: "finished" }, { id: zombie.id, outcome: "taken-over" }],
    });
  });

  test("take names that differ in case, spaces or form for jobs of their own, and ids that are no UUIDs", async () => {
    const names = [
      "Report",
      "report",
      "REPORT",
      "active:report",
      "active:",
      "report ",
      " report",
      "re\u0301port",
      "r\u00e9port",
    ];
    for (const name of names) {
      const path = `/${encodeURIComponent(name)}`;
      expect((await start(0, path)).json).toMatchObject({ name, isActive: true });
      expect(await end(1, `${path}/1/finish`)).toMatchObject({
        status: 404,
        json: { message: `Cannot find job lock for ${name}` },
      });
    }
  });

  test("keep intervals of over 24.8 days, and an hour's length where clocks go forward", async () => {
    for (const [at, jobInterval] of [{ days: 30 }, { months: 1 }, "0 0 1 1 *", 40 * 24 * HOUR].entries()) {
      const { id, interval } = (await start(0, `/long-${at}`, { jobInterval })).json;
      expect(interval).toBeGreaterThan(24.8 * 24 * HOUR);
      expect((await send(`${servers[1]}/long-${at}`, "GET")).json.lock).toMatchObject({ id, interval });
    }
    for (const from of ["2025-03-30T00:00:00.000Z", "2025-03-30T01:00:00.000Z"]) {
      const options = {
        jobInterval: { hours: 1 },
        timezone: "Europe/London",
        noLock: true,
        jobIntervalStartedAt: from,
      };
      expect((await start(0, "/dst", options)).json).toMatchObject({ intervalStartedAt: from, interval: HOUR });
    }
  });

  test("refuse a wrong request at once, for a held job too", async () => {
    await start(0, "/held");
    for (const bad of ["never", "0 0 31 4,6,9,11 *", "0 0 30 2 *", "60 * * * *"]) {
      expect((await start(0, "/held", { jobInterval: bad })).status).toBe(400);
    }
    expect((await start(1, "/held", { ...HOURLY, timezone: "Mars" })).status).toBe(400);
  });

  test("answer an internal error without any content of the request", async () => {
    const id = (await start(0, "/damaged")).json.id;
    await write("UPDATE cronyx_job SET state = '{' WHERE state LIKE '%\"name\":\"damaged\"%'");
    const sent = { jobInterval: 4_242_424, requiredJobNames: ["canary"] };
    expect(await start(1, "/damaged", sent)).toMatchObject({
      status: 500,
      text: '{"message":"Cannot start job for damaged"}',
    });
    expect((await end(1, `/damaged/${id}/finish`)).text).toBe('{"message":"Cannot finish job for damaged"}');
  });
});

describe("a server whose database is away", () => {
  const through = (database: string) => postgres.url(database).replace(/:\d+\//, `:${gate.port}/`);

  test("fails its health check, answers every request, and works as soon as its database is back", async () => {
    await postgres.query("CREATE DATABASE away");
    const url = await serve(through("away"));
    expect((await send(`${url}/healthcheck`, "GET")).status).toBe(200);
    await gate.shut();
    let answered = 0;
    const asked = [send(`${url}/healthcheck`, "GET"), send(`${url}/report`, "POST", HOURLY)];
    for (const answer of asked) void answer.then(() => answered++);
    await pause(300);
    // Without the database the health check fails, and no interval is granted.
    expect(answered).toBe(0);
    await gate.open();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await send(`${url}/next`, "POST", HOURLY)).json).toMatchObject({ isActive: true });
  });

  test("does not listen before the database is there", async () => {
    await postgres.query("CREATE DATABASE late");
    await gate.shut();
    const port = await freePort();
    const serving = serve(through("late"), "UTC", port);
    let listens = false;
    void serving.then(() => {
      listens = true;
    });
    const until = performance.now() + 1_000;
    while (performance.now() < until) {
      await expect(fetch(`http://127.0.0.1:${port}/healthcheck`)).rejects.toThrow();
      await pause(50);
    }
    expect(listens).toBe(false);
    await gate.open();
    expect((await send(`${await serving}/report`, "POST", HOURLY)).json).toMatchObject({ isActive: true });
  });
});
