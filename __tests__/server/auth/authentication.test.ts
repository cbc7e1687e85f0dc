import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HOUR } from "../../../src/scheduler/instant.ts";
import { basicScheme } from "../../../src/server/auth/basic-scheme.ts";
import { type RunningServer, runServer } from "../../../testing/servers/running-server.ts";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const HOURLY = { jobInterval: HOUR };

let server: RunningServer;
beforeEach(async () => {
  server = await runServer({ schemes: [basicScheme("octo", "pass:word 📈")] });
});
afterEach(() => server.close());

describe("basic authentication", () => {
  test.each([basic("octo:pass:word 📈"), basic("octo:pass:word 📈").replace("Basic", "bAsIc")])(
    "%s is accepted",
    async (authorization) => {
      expect((await server.start("/report", HOURLY, { authorization })).json).toMatchObject({ name: "report" });
    },
  );

  test.each([
    undefined,
    "",
    "Basic",
    "Basic ",
    "Basic ADoA",
    "Basic Og==",
    "Basic !!!!",
    "Basic ====",
    `${basic("octo:pass:word 📈")} more`,
    `${basic("octo:pass:word 📈")}!`,
    basic("octo:pass:word 📈").replace("Basic", "Bearer"),
    basic("octo:pass"),
    basic("octo:"),
    basic(":pass:word 📈"),
    basic("octo"),
    basic("Octo:pass:word 📈"),
    basic("octo:pass:word 📈\0"),
    basic("\0:\0"),
    `Basic ${"A".repeat(10_000)}`,
    "\t\t:",
  ])("%j is not", async (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    for (const answer of [
      await server.start("/report", HOURLY, headers),
      await server.send("PUT", "/report/x/finish", { headers }),
      await server.send("GET", "/report", { headers }),
      await server.send("GET", "/", { headers }),
      await server.send("PUT", "/report/x/interrupt", { headers }),
      await server.send("PUT", "/report/x/abandon", { headers }),
      await server.send("GET", "/metrics", { headers }),
      await server.send("GET", "/openapi.json", { headers }),
      await server.send("GET", "/there/is/nothing", { headers }),
      await server.send("POST", "/report", { headers, body: "x".repeat(100_000) }),
    ]) {
      expect(answer).toMatchObject({
        status: 401,
        headers: { "www-authenticate": 'Basic realm="CronyxServer"' },
        json: { message: "The credentials are missing or wrong: use those of a scheme that WWW-Authenticate names" },
      });
    }
    expect(await server.store.list(undefined as never)).toEqual([]);
  });

  test("is required for HEAD requests too", async () => {
    for (const path of ["/report", "/", "/metrics", "/openapi.json"]) {
      expect((await server.send("HEAD", path)).status).toBe(401);
    }
    expect((await server.send("HEAD", "/healthcheck")).status).toBe(200);
  });

  test("is not required for a health check", async () => {
    expect((await server.send("GET", "/healthcheck")).text).toBe('{"ok":true}');
  });

  test("leaves no trace of credentials in the log", async () => {
    await server.start("/report", HOURLY, { authorization: basic("octo:pass:word 📈") });
    await server.start("/report", HOURLY, { authorization: basic("octo:guess") });
    expect(server.lines.map(({ outcome }) => outcome)).toEqual(["started", "unauthorized"]);
    expect(JSON.stringify(server.lines)).not.toMatch(/octo|pass|guess|[Bb]asic|authorization/);
  });
});

describe("without a login", () => {
  beforeEach(async () => {
    await server.close();
    server = await runServer();
  });
  const asWeb = { host: "evil.example:3000", origin: "http://evil.example:3000" };

  test("a web page that resolves its domain name to the server gets nothing", async () => {
    for (const answer of [
      await server.start("/report", HOURLY, asWeb),
      await server.send("POST", "/?release=report&lock=x", { headers: asWeb }),
      await server.send("GET", "/", { headers: asWeb }),
      await server.send("GET", "/metrics", { headers: { host: "127.0.0.1.evil.example" } }),
    ]) {
      expect(answer).toMatchObject({ status: 421, json: { message: expect.stringContaining("--insecure") } });
    }
    expect(await server.store.list(undefined as never)).toEqual([]);
    expect((await server.send("GET", "/healthcheck", { headers: asWeb })).status).toBe(200);
  });

  test.each(["localhost", "LOCALHOST:3000", "cronyx.localhost:3000", "127.0.0.1:1", "[::1]:3000", "192.0.2.1"])(
    "the Host %s is accepted",
    async (host) => {
      expect((await server.send("GET", "/", { headers: { host } })).status).toBe(200);
    },
  );

  test("any Host is accepted with anyHost, and with authentication", async () => {
    const open = await runServer({ anyHost: true });
    expect((await open.send("GET", "/", { headers: { host: "locks.example" } })).status).toBe(200);
    await open.close();
    const guarded = await runServer({ schemes: [basicScheme("octo", "pass")] });
    const headers = { host: "locks.example", authorization: basic("octo:pass") };
    expect((await guarded.send("GET", "/", { headers })).status).toBe(200);
    await guarded.close();
  });
});
