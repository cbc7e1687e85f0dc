import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

/**
 * The fault that one request meets.
 *
 * @typedef {object} GitFault
 * @property {number} [delay] Milliseconds to wait before git gets the request.
 * @property {Promise<unknown>} [after] Git gets the request after it.
 * @property {"before" | "after" | "within"} [cut] Where to cut the connection: before git gets the request, after git
 *   is done but before the first byte of the answer, or within the answer.
 * @property {number} [status] Answer with this status, and do not run git.
 * @property {boolean} [carriedOut] Run git all the same, and answer with the status in place of git's answer.
 * @property {boolean} [oldProtocol] Run git as a server does that knows no protocol v2.
 * @property {Record<string, string>} [headers] Headers of that answer.
 * @property {string | Buffer} [body] Its body.
 */

/**
 * @typedef {object} GitExchange
 * @property {string} path The request's path.
 * @property {string} service The last part of the path: `git-upload-pack` or `git-receive-pack`.
 * @property {string} command The command of protocol v2, or "push".
 * @property {string | undefined} authorization
 * @property {number} sent Bytes of the request's body.
 * @property {number} received Bytes of the answer's body.
 * @property {number} arrivedAt When the request's headers arrived, in milliseconds of the monotonic clock that the processes of a
 *   machine share.
 * @property {number} ms From the request's end to the answer's.
 */

/**
 * Serves the bare repositories under a folder by git, on loopback.
 *
 * @param {object} options
 * @param {string} options.root The folder.
 * @param {string} [options.token] The required password. Without one, every client may write.
 * @param {(exchange: GitExchange) => GitFault | undefined} [options.fault] The fault for a request, if any.
 * @param {string} [options.host] The address to listen on. Default: 127.0.0.1.
 * @param {() => number} [options.now] The server's clock, for the `Date` of its answers.
 */
export async function serveGit({ root, token, fault = () => undefined, now = Date.now, host = "127.0.0.1" }) {
  /** @type {GitExchange[]} */
  const exchanges = [];
  /** The git processes of this server, which write into the folder until they exit. @type {Set<Promise<unknown>>} */
  const running = new Set();
  let closed = false;
  const run = (/** @type {GitRequest} */ request) => {
    if (closed) throw new Error("The git server is closed.");
    const answered = runGit(request);
    const done = answered.catch(() => {}).finally(() => running.delete(done));
    running.add(done);
    return answered;
  };
  const server = http.createServer((request, response) => {
    response.setHeader("date", new Date(now()).toUTCString());
    // A client that went away in the middle of its request gets no answer.
    answer(request, response, { run, root, token, fault, exchanges }).catch(() => request.socket.destroy());
  });
  await new Promise((resolve) => server.listen(0, host, () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

  return {
    /** The URL of the repository `name` in the folder. @param {string} name */
    url: (name) => `http://${host.includes(":") ? `[${host}]` : host}:${port}/${name}`,
    exchanges,
    /** Resolves when no git process of this server runs any more, so that the folder can be deleted. */
    async close() {
      server.closeAllConnections();
      await promisify(server.close.bind(server))();
      closed = true;
      await Promise.all(running);
    },
  };
}

/**
 * @param {http.IncomingMessage} request @param {http.ServerResponse} response
 * @param {object} options
 * @param {(request: GitRequest) => ReturnType<typeof runGit>} options.run
 * @param {string} options.root
 * @param {string | undefined} options.token
 * @param {(exchange: GitExchange) => GitFault | undefined} options.fault
 * @param {GitExchange[]} options.exchanges The exchange is added to it.
 */
async function answer(request, response, { run, root, token, fault, exchanges }) {
  const arrivedAt = Number(process.hrtime.bigint()) / 1e6;
  const body = await bodyOf(request);
  const started = performance.now();
  const url = new URL(request.url ?? "/", "http://localhost");
  const exchange = newExchange(request, { url, body, arrivedAt });
  exchanges.push(exchange);
  const faults = fault(exchange) ?? {};
  const { delay = 0, after, cut, status, headers = {}, body: faultyBody } = faults;
  const { carriedOut = false, oldProtocol = false } = faults;

  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  await after;
  if (cut === "before") return request.socket.destroy();
  if (status !== undefined && !carriedOut) return response.writeHead(status, headers).end(faultyBody);
  if (token !== undefined && tokenOf(request.headers) !== token) {
    return response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
  }

  if (oldProtocol) delete request.headers["git-protocol"];
  const answered = await run({ root, url, request, body });
  if (status !== undefined) return response.writeHead(status, headers).end(faultyBody);
  exchange.received = answered.body.length;
  exchange.ms = performance.now() - started;
  if (cut === "after") return request.socket.destroy();
  response.writeHead(answered.status, answered.headers);
  if (cut === "within")
    return response.write(answered.body.subarray(0, answered.body.length / 2), () => request.socket.destroy());
  response.end(answered.body);
}

/**
 * @param {http.IncomingMessage} request
 * @param {{ url: URL, body: Buffer, arrivedAt: number }} received
 * @returns {GitExchange}
 */
function newExchange(request, { url, body, arrivedAt }) {
  const service = url.pathname.split("/").at(-1) ?? "";
  const [, command = service === "git-receive-pack" ? "push" : ""] =
    /command=([a-z-]+)/.exec(body.toString("latin1", 0, 40)) ?? [];
  return {
    path: url.pathname,
    service,
    command,
    authorization: request.headers.authorization,
    sent: body.length,
    received: 0,
    arrivedAt,
    ms: 0,
  };
}

/**
 * @typedef {object} GitRequest
 * @property {string} root The folder of the repositories.
 * @property {URL} url
 * @property {http.IncomingMessage} request
 * @property {Buffer} body
 */

/** No cache may keep an answer. */
const NO_CACHE = {
  expires: "Fri, 01 Jan 1980 00:00:00 GMT",
  pragma: "no-cache",
  "cache-control": "no-cache, max-age=0, must-revalidate",
};

/**
 * Answers a request as `git http-backend` does, and starts one process less: git-http-backend only parses the request
 * and starts the process that does the work.
 *
 * @see https://git-scm.com/docs/http-protocol
 * @param {GitRequest} options
 * @returns {Promise<{ status: number, headers: Record<string, string>, body: Buffer }>}
 */
async function runGit({ root, url, request, body }) {
  const [, name = "", resource = ""] =
    /^\/(.+)\/(info\/refs|git-[a-z-]+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const asksForRefs = resource === "info/refs";
  const service = asksForRefs ? (url.searchParams.get("service") ?? "") : resource;
  // As git http-backend does, the server finds a repository under a name without .git too.
  const folder = [name, `${name}.git`]
    .map((given) => path.join(root, given))
    .find((place) => existsSync(path.join(place, "HEAD")));
  if (folder === undefined) return refused(404);
  if (!["git-upload-pack", "git-receive-pack"].includes(service)) return refused(asksForRefs ? 403 : 404);
  if (request.method !== (asksForRefs ? "GET" : "POST")) return refused(405);
  if (!asksForRefs && request.headers["content-type"] !== `application/x-${service}-request`) return refused(415);

  const args = ["--stateless-rpc", ...(asksForRefs ? ["--advertise-refs"] : []), "."];
  const protocol = String(request.headers["git-protocol"] ?? "");
  const zipped = request.headers["content-encoding"]?.includes("gzip");
  const output = await outputOf([service.replace(/^git-/, ""), ...args], {
    folder,
    protocol,
    input: zipped ? gunzipSync(body) : body,
  });
  const hasServiceLine = asksForRefs && !/\bversion=2\b/.test(protocol);
  const kind = asksForRefs ? "advertisement" : "result";
  return {
    status: 200,
    headers: { ...NO_CACHE, "content-type": `application/x-${service}-${kind}` },
    body: hasServiceLine ? Buffer.concat([serviceLine(service), output]) : output,
  };
}

/** @param {number} status */
function refused(status) {
  return { status, headers: NO_CACHE, body: Buffer.alloc(0) };
}

/** The packet that names the service, and a flush packet. @param {string} service */
function serviceLine(service) {
  const line = `# service=${service}\n`;
  return Buffer.from(`${(line.length + 4).toString(16).padStart(4, "0")}${line}0000`);
}

/**
 * @param {readonly string[]} args
 * @param {{ folder: string, protocol: string, input: Buffer }} options
 * @returns {Promise<Buffer>} git's output, also if git fails: the answer has begun by then.
 */
async function outputOf(args, { folder, protocol, input }) {
  const child = spawn("git", args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      // Each push would start another process, which looks whether there is enough to collect.
      ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "receive.autoGC", GIT_CONFIG_VALUE_0: "false" },
      GIT_PROTOCOL: protocol,
      ...{ GIT_COMMITTER_NAME: "git", GIT_COMMITTER_EMAIL: "git@http.127.0.0.1" },
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [output] = await Promise.all([bodyOf(child.stdout), once(child, "close")]);
  return output;
}

/** @param {AsyncIterable<Buffer>} stream */
async function bodyOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The password of a request, which is a token.
 *
 * @param {{ authorization?: string | undefined }} headers
 */
export function tokenOf({ authorization = "" }) {
  const [, credentials = ""] = /^Basic (.+)$/i.exec(authorization) ?? [];
  return Buffer.from(credentials, "base64")
    .toString()
    .replace(/^[^:]*:/, "");
}
