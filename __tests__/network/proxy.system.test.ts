import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { openBackend } from "../../src/backend/open-backend.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { parseLocation } from "../../src/location/location.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HttpConnection } from "../../src/network/http.ts";
import { SmartHttpRemote } from "../../src/store/git/smart-http.ts";
import { runOf, Step } from "../../testing/action/runner.mjs";
import { type ServedRepository, serveRepository, TOKEN } from "../../testing/git/served-repository.ts";
import { selfSignedCertificate } from "../../testing/network/self-signed-certificate.ts";

/** A name that does not resolve: only a request through the proxy can reach it. */
const HOST = "git.example.test";
/** The Node that runs TypeScript. */
const NODE = path.resolve(import.meta.dirname, "../../node_modules/node/bin/node");
const PASSWORD = "p@ss:w/rd%";
const PROXY_LOGIN = `me:${PASSWORD}`;

/** A proxy that takes every host for this machine. */
class ConnectProxy {
  /** What it was asked to connect to, with whose login. */
  readonly connects: { to: string; login: string }[] = [];
  /** The login that it asks for; null for none. */
  login: string | null = null;
  /** All the bytes that went through. */
  readonly seen: Buffer[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #server = http.createServer((_, response) => response.writeHead(405).end());

  async listen(portOf: (host: string) => number): Promise<string> {
    this.#server.on("connect", (request, socket: net.Socket, head) => {
      const [, login = ""] = /^Basic (.*)$/.exec(request.headers["proxy-authorization"] ?? "") ?? [];
      this.connects.push({ to: request.url ?? "", login: Buffer.from(login, "base64").toString() });
      if (this.login !== null && this.connects.at(-1)?.login !== this.login) {
        return void socket.end(
          'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n',
        );
      }
      const onward = net.connect(portOf(request.url ?? ""), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        onward.write(head);
        socket.on("data", (bytes: Buffer) => this.seen.push(bytes));
        socket.pipe(onward).pipe(socket);
      });
      for (const end of [socket, onward]) this.#sockets.add(end.on("error", () => {}));
    });
    return `127.0.0.1:${await listening(this.#server)}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

let folder: string;
let served: ServedRepository;
let secure: https.Server;
let proxy: ConnectProxy;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
  served = await serveRepository(TOKEN);
  const certificate = selfSignedCertificate(HOST);
  writeFileSync(path.join(folder, "cert.pem"), certificate.cert);
  secure = https.createServer(certificate, (request, response) => {
    const { method, headers, url } = request;
    request.pipe(
      http.request(new URL(url ?? "/", served.url), { method, headers } as http.RequestOptions, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
      }),
    );
  });
  await listening(secure);
});
afterAll(async () => {
  secure.closeAllConnections();
  secure.close();
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  proxy = new ConnectProxy();
  served.exchanges.length = 0;
  const ports = { 443: (secure.address() as AddressInfo).port, 80: Number(new URL(served.url).port) };
  address = await proxy.listen((host) => ports[host.endsWith(":443") ? 443 : 80]);
});
afterEach(() => proxy.close());

describe("a proxy named by https_proxy", () => {
  test("gets a request for a tunnel with its login, and sees none of the content", async () => {
    const step = new Step({
      dist: path.resolve(import.meta.dirname, "../../dist"),
      temporary: path.join(folder, "runner"),
      inputs: { url: `git+https://${HOST}/locks.git`, token: TOKEN, "job-name": "report", "job-interval": "1 hour" },
      env: {
        ...runOf("report"),
        https_proxy: `http://me:${encodeURIComponent(PASSWORD)}@${address}`,
        NODE_EXTRA_CA_CERTS: path.join(folder, "cert.pem"),
      },
    });
    const main = await step.main();
    expect(main).toMatchObject({ code: 0, outputs: { started: "true" } });
    const post = await step.post();
    expect(post.code).toBe(0);
    expect(served.exchanges.map(({ command }) => command)).toEqual(["ls-refs", "push", "push"]);
    expect(proxy.connects.length).toBeGreaterThan(0);
    for (const connect of proxy.connects) expect(connect).toEqual({ to: `${HOST}:443`, login: PROXY_LOGIN });
    const seen = Buffer.concat(proxy.seen).toString("latin1");
    const login = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
    for (const secret of [TOKEN, login, "git-receive-pack"]) expect(seen).not.toContain(secret);
    const said = JSON.stringify(
      [main, post].map(({ log, outputs, state }) => [
        log.filter((line) => !line.startsWith("::add-mask::")),
        outputs,
        state,
      ]),
    );
    for (const secret of [TOKEN, PASSWORD, encodeURIComponent(PASSWORD)]) expect(said).not.toContain(secret);
  });
});

describe("a proxy named by http_proxy", () => {
  const variables = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
  const before = variables.map((name) => [name, process.env[name]] as const);
  beforeEach(() => {
    for (const name of variables) delete process.env[name];
    process.env.http_proxy = `http://me:${encodeURIComponent(PASSWORD)}@${address}`;
  });
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  async function post(url: string, ms = 5_000) {
    const connection = new HttpConnection({ place: new URL(url).host, userAgent: "cronyx-test" });
    const request = {
      method: "POST",
      url: new URL(url),
      headers: {},
      authorization: "Basic bWU6aXQ=",
      body: Buffer.from("0000"),
      writes: true,
      followsToOtherOrigins: true,
    } as const;
    return connection.send(request, deadlineIn(ms)).finally(() => connection.close());
  }

  test("gets a request for a tunnel with its login, and the server does not see that login", async () => {
    expect(await post(`http://${HOST}/locks.git/git-upload-pack`)).toMatchObject({ status: 401, redirectedTo: null });
    expect(proxy.connects).toEqual([{ to: `${HOST}:80`, login: PROXY_LOGIN }]);
    expect(served.exchanges.map(({ authorization }) => authorization)).toEqual(["Basic bWU6aXQ="]);
    expect(Buffer.concat(proxy.seen).toString("latin1")).not.toMatch(/proxy-authorization/i);
  });

  test.each([HOST, ".example.test", "other, git.example.test:80", "*"])(
    "isn't asked where no_proxy is %s",
    async (hosts) => {
      process.env.no_proxy = hosts;
      await expect(post(`http://${HOST}/locks.git/git-upload-pack`)).rejects.toMatchObject({
        code: "unreachable",
        effect: "none",
        retryAfter: 0,
      });
      expect(proxy.connects).toEqual([]);
    },
  );

  test("is not used for this machine", async () => {
    expect(await post(`${served.url}/git-upload-pack`)).toMatchObject({ status: 401 });
    expect(proxy.connects).toEqual([]);
  });

  describe.each(["http", "https"])("that asks for another login than it gets, on the way to %s", (scheme) => {
    const variable = `${scheme}_proxy`;
    beforeEach(() => {
      proxy.login = "me:the right one";
      process.env[variable] = `http://me:${encodeURIComponent(PASSWORD)}@${address}`;
    });
    const problem = "cannot be reached: the proxy asks for a login, or refused the one it got (407)";
    const remedy = "set its login in the environment's https_proxy or http_proxy, as http://USER:PASSWORD@HOST";

    test("has its own error code", async () => {
      const error = await post(`${scheme}://${HOST}/`).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: "proxy-refused", effect: "none", retryAfter: null });
      expect(actionMessage(error)).toBe(`${HOST} ${problem}: ${remedy}`);
      proxy.login = PROXY_LOGIN;
      if (scheme === "http") expect((await post(`http://${HOST}/`)).status).toBe(401);
    });

    test("gets one request, from a server's client and from a repository's", async () => {
      const log: string[] = [];
      const options = {
        ...{ token: "", userAgent: "cronyx-test", env: {}, temporary: folder, now: Date.now },
        credentials: { kind: "none" },
        log: (line: string) => log.push(line),
      } as const;
      const server = await openBackend(parseLocation(`${scheme}://${HOST}`), options);
      const transport = scheme as "http" | "https";
      const location = { kind: "repository", transport, url: new URL(`${scheme}://${HOST}/a`) } as const;
      const repository = new SmartHttpRemote({ location, ...options });
      for (const [place, call] of [
        [`${scheme}://${HOST}`, () => server.finish({ jobName: "report", id: "1", record: null }, deadlineIn(5_000))],
        [`${scheme}://${HOST}/a`, () => repository.tips(["refs/cronyx/a"], deadlineIn(5_000))],
      ] as const) {
        const error = await call().catch((error: unknown) => error);
        expect(error).toBeInstanceOf(ServiceError);
        expect(error).toMatchObject({ code: "proxy-refused", message: `${place} ${problem}`, effect: "none" });
      }
      expect(proxy.connects).toHaveLength(2);
      expect(log).toEqual([]);
      await server.close();
      await repository.close();
    });
  });

  test("that asks for a login by an answer has the same error code", async () => {
    served.fault = () => ({ status: 407 });
    await expect(post(`${served.url}/git-upload-pack`)).rejects.toMatchObject({
      code: "proxy-refused",
      effect: "none",
    });
    served.fault = () => undefined;
  });

  test("that cannot be reached is a transient fault, and the message leaves its login out", async () => {
    process.env.http_proxy = `http://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:1`;
    const error = await post(`http://${HOST}/`).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: "unreachable", effect: "none", retryAfter: 0 });
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      expect(`${cause.message} ${cause.stack}`).not.toContain(PASSWORD);
    }
  });
});

test("an IPv6 address over TLS is checked by its certificate, through a proxy too", async () => {
  for (const [address, says] of [
    ["fd00::1", "is no repository that the token may see (404)"],
    ["fd00::2", "has a certificate for another host (ERR_TLS_CERT_ALTNAME_INVALID)"],
  ] as const) {
    const certificate = selfSignedCertificate(HOST, "fd00::1");
    const folder = mkdtempSync(path.join(tmpdir(), "cronyx-test-"));
    writeFileSync(path.join(folder, "cert.pem"), certificate.cert);
    const target = https.createServer(certificate, (_, response) => response.writeHead(404).end());
    const port = await listening(target);
    const proxy = new ConnectProxy();
    const env = {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      https_proxy: await proxy.listen(() => port),
      NODE_EXTRA_CA_CERTS: path.join(folder, "cert.pem"),
      CRONYX_URL: `git+https://[${address}]:8443/locks.git`,
    };
    const main = path.resolve(import.meta.dirname, "../../src/cli/main.ts");
    const run = promisify(execFile)(NODE, ["--no-warnings", main, "status"], { env });
    expect(await run.catch((error) => error)).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
    expect(proxy.connects).toMatchObject([{ to: `[${address}]:8443` }]);
    proxy.close();
    target.close();
    rmSync(folder, { recursive: true });
  }
});
