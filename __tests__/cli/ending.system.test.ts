import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const HOURLY = { method: "POST", headers: { "content-type": "application/json" }, body: '{"jobInterval":3600000}' };

interface Serving {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  out: string;
  err: string;
}

let serving: Serving | undefined;
afterEach(() => {
  serving?.process.kill("SIGKILL");
});

function serve(args: string[], env: Record<string, string> = {}): Serving {
  const child = fork(here("../../testing/servers/paused-store-server.ts"), args, {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    silent: true,
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const started: Serving = { process: child, ended, out: "", err: "" };
  child.stdout?.on("data", (chunk) => {
    started.out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    started.err += chunk;
  });
  serving = started;
  return started;
}

const linesOf = ({ out }: Serving) =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function urlOf(server: Serving): Promise<string> {
  while (!server.out.includes("listening")) await once(server.process.stdout as NodeJS.ReadableStream, "data");
  return linesOf(server)[0].msg.replace("listening on ", "");
}

test.each(["SIGTERM", "SIGINT"] as const)("%s lets requests in flight end, and takes no new ones", async (signal) => {
  const server = serve(["--server-port=0"]);
  const url = await urlOf(server);
  const swapping = once(server.process, "message");
  const start = fetch(`${url}/report`, HOURLY);
  expect((await swapping)[0]).toBe("swapping");

  server.process.kill(signal);
  while (!server.out.includes(`"stopping"`)) await once(server.process.stdout as NodeJS.ReadableStream, "data");
  // The port is free at once, so that a load balancer uses another server.
  await expect(fetch(`${url}/other`, HOURLY)).rejects.toThrow();

  const closed = once(server.process, "message");
  server.process.send("go on");
  expect(await (await start).json()).toMatchObject({ name: "report", isActive: true });
  expect((await closed)[0]).toBe("store closed");
  expect(await server.ended).toBe(0);
  expect(linesOf(server).map(({ msg }) => msg)).toEqual([`listening on ${url}`, "stopping", "start", "stopped"]);
  expect(server.err).toBe("");
});

test("a second signal ends it at once, whatever is in flight", async () => {
  const server = serve(["--server-port=0"]);
  const url = await urlOf(server);
  const swapping = once(server.process, "message");
  const start = fetch(`${url}/report`, HOURLY);
  await swapping;
  server.process.kill("SIGTERM");
  while (!server.out.includes(`"stopping"`)) await once(server.process.stdout as NodeJS.ReadableStream, "data");
  server.process.kill("SIGTERM");
  await expect(start).rejects.toThrow();
  await server.ended;
  expect([server.process.exitCode, server.process.signalCode]).toEqual([null, "SIGTERM"]);
});

test("a wrong setting prints one line, and nothing is started", async () => {
  const server = serve(["--server-host=0.0.0.0"], { SERVER_PORT: "http" });
  expect(await server.ended).toBe(2);
  expect([server.out, server.err]).toEqual(["", 'SERVER_PORT "http" is not allowed: use a number from 0 to 65535\n']);
});

test("a port that is in use is refused with the setting", async () => {
  const first = serve(["--server-port=0"]);
  const { port } = new URL(await urlOf(first));
  const second = serve([`--server-port=${port}`]);
  expect(await second.ended).toBe(2);
  expect(second.err).toBe(
    `SERVER_PORT ${port} is in use by another program at 127.0.0.1: use another port, or end that program\n`,
  );
  first.process.kill("SIGTERM");
  expect(await first.ended).toBe(0);
});

test("help goes to the standard output", async () => {
  const server = serve(["--help"]);
  expect(await server.ended).toBe(0);
  expect(server.out).toMatch(/^Usage: cronyx-action serve/);
  expect(server.out).toContain("JOB_STORE_URL");
});
