import net from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { HOUR } from "../../src/scheduler/instant.ts";
import { runServer, type SendOptions } from "../../testing/servers/running-server.ts";
import { expectRefusal, runUntouchedServer } from "../../testing/servers/untouched-server.ts";

const untouched = runUntouchedServer();

const JSON_TYPE = { "content-type": "application/json" };
const GOOD = JSON.stringify({ jobInterval: HOUR });
const holder = (text: string) => ({ headers: { ...JSON_TYPE, "cronyx-holder": text }, body: GOOD });
const held = (value: unknown) => holder(encodeURIComponent(JSON.stringify(value)));
const key = (text: string) => ({ headers: { ...JSON_TYPE, "idempotency-key": text }, body: GOOD });

describe("another part of the request", () => {
  test.each<[what: string, path: string, options: SendOptions, status: number, message: string | RegExp]>([
    ["no body", "/report", { headers: JSON_TYPE }, 400, /^The body is empty: use an object of jobInterval/],
    ["an empty body", "/report", { headers: JSON_TYPE, body: "" }, 400, /^The body is empty/],
    ["half a body", "/report", { headers: JSON_TYPE, body: '{"jobInterval":' }, 400, /^The body is not JSON in UTF-8/],
    [
      "a number that JSON has not",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":NaN}' },
      400,
      /^The body is not JSON/,
    ],
    [
      "a number beyond all",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":1e999}' },
      400,
      /^jobInterval Infinity is not allowed: use/,
    ],
    [
      "no UTF-8",
      "/report",
      { headers: JSON_TYPE, body: Buffer.from('{"timezone":"\xff"}', "latin1") },
      400,
      /^The body is not JSON in UTF-8/,
    ],
    [
      "a prototype",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":1,"__proto__":{}}' },
      400,
      /^The body contains the unknown field "__proto__": use/,
    ],
    [
      "a prototype within",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":{"hours":1,"__proto__":{}}}' },
      400,
      /^jobInterval contains the unknown field "__proto__": use/,
    ],
    ["no content type", "/report", { body: GOOD }, 400, "The Content-Type is missing: use application/json"],
    [
      "text",
      "/report",
      { headers: { "content-type": "text/plain" }, body: GOOD },
      400,
      'The Content-Type "text/plain" is not supported: use application/json',
    ],
    [
      "a form",
      "/report",
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "jobInterval=1" },
      400,
      /^The Content-Type "application\/x-www-form-urlencoded" is not supported/,
    ],
    [
      "no media type",
      "/report",
      { headers: { "content-type": "json" }, body: GOOD },
      400,
      /^The Content-Type "json" is not supported/,
    ],
    [
      "a body of over 64 KiB",
      "/report",
      { headers: JSON_TYPE, body: `{"jobInterval":1${" ".repeat(65_536)}}` },
      413,
      "The body is longer than 65536 bytes: send a shorter one",
    ],
    [
      "an end's body of over 64 KiB",
      "/report",
      { headers: JSON_TYPE, body: "x".repeat(65_537) },
      413,
      /^The body is longer/,
    ],
    [
      "no job name",
      "/",
      { headers: JSON_TYPE, body: GOOD },
      400,
      'jobName "" is empty: use 1 to 255 characters of well-formed Unicode',
    ],
    [
      "a job name of 256 characters",
      `/${"x".repeat(256)}`,
      { headers: JSON_TYPE, body: GOOD },
      400,
      /^jobName "x+… is not allowed: use a text of 1 to 255 characters/,
    ],
    [
      "a long job name",
      `/${"%E3%83%AC".repeat(1000)}`,
      { headers: JSON_TYPE, body: GOOD },
      400,
      /^jobName "レ+… is not allowed: use/,
    ],
    [
      "half an escape",
      "/a%2",
      { headers: JSON_TYPE, body: GOOD },
      400,
      "The path is not valid percent-encoding: use percent-encoded UTF-8",
    ],
    [
      "an escape that is no UTF-8",
      "/%ff",
      { headers: JSON_TYPE, body: GOOD },
      400,
      /^The path is not valid percent-encoding/,
    ],
    [
      "explain: maybe",
      "/report?explain=maybe",
      { headers: JSON_TYPE, body: GOOD },
      400,
      'explain "maybe" is not allowed: use true or false',
    ],
    [
      "explain, twice",
      "/report?explain=true&explain=true",
      { headers: JSON_TYPE, body: GOOD },
      400,
      /^explain \["true","true"\] is not allowed: use/,
    ],
    [
      "explain of nothing",
      "/report?explain",
      { headers: JSON_TYPE, body: GOOD },
      400,
      'explain "" is not allowed: use true or false',
    ],
    [
      "a name twice, the last of which counts",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":3600000,"jobInterval":0}' },
      400,
      /^jobInterval 0 is not allowed: use/,
    ],
    [
      "a list nested as deep as 64 KiB go",
      "/report",
      { headers: JSON_TYPE, body: "[".repeat(32_768) + "]".repeat(32_768) },
      400,
      /^The body \[\[\[\["…"\]\]\]\] is not allowed: use an object/,
    ],
    [
      "a field nested as deep",
      "/report",
      { headers: JSON_TYPE, body: `{"jobInterval":${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}}` },
      400,
      /^jobInterval (contains the unknown field "a": use|\{"a":)/,
    ],
    [
      "a name that is a lone surrogate",
      "/report",
      { headers: JSON_TYPE, body: '{"jobInterval":1,"\\ud800":1}' },
      400,
      /^The body contains the unknown field .*: use/,
    ],
    [
      "a body that is compressed",
      "/report",
      { headers: { ...JSON_TYPE, "content-encoding": "gzip" }, body: gzipSync(GOOD) },
      415,
      /^Content-Encoding "gzip" is not supported: use no Content-Encoding, and send the body as it is/,
    ],
    [
      "UTF-16",
      "/report",
      { headers: { "content-type": "application/json; charset=utf-16le" }, body: Buffer.from(GOOD, "utf16le") },
      400,
      /^The body is not JSON in UTF-8/,
    ],
    [
      "an escape of half a surrogate pair",
      "/%ed%a0%80",
      { headers: JSON_TYPE, body: GOOD },
      400,
      /^The path is not valid percent-encoding/,
    ],
    ["an end's path that can't be decoded", "/%ff", {}, 400, /^The path is not valid percent-encoding/],
    ["an end's name of 256 characters", `/${"x".repeat(256)}`, {}, 400, /^jobName "x+… is not allowed: use/],
    [
      "an escape in the query that can't be decoded",
      "/report?explain=%ff",
      { headers: JSON_TYPE, body: GOOD },
      400,
      'explain "%ff" is not allowed: use true or false',
    ],
    [
      "a holder's prototype",
      "/report",
      holder(encodeURIComponent('{"__proto__":{}}')),
      400,
      /contains the unknown field "__proto__"/,
    ],
    ["a holder nested deep", "/report", holder("[".repeat(6_000) + "]".repeat(6_000)), 400, /^Cronyx-Holder \[\[/],
    ["an empty key", "/report", key(""), 400, /^Idempotency-Key "" is not allowed: use 1 to 255 visible ASCII/],
    [
      "a long key",
      "/report",
      key("k".repeat(256)),
      400,
      /^Idempotency-Key "k+… is not allowed: use 1 to 255 visible ASCII/,
    ],
    ["a key with a space", "/report", key("run 7"), 400, /^Idempotency-Key "run 7" is not allowed/],
    ["a key with a tab", "/report", key("run\t7"), 400, /^Idempotency-Key "run\\t7" is not allowed/],
    ["a key beyond ASCII", "/report", key("sch\xfcssel"), 400, /^Idempotency-Key .* is not allowed/],
    [
      "a holder that is no JSON",
      "/report",
      holder("octo-org"),
      400,
      /^Cronyx-Holder "octo-org" is not percent-encoded JSON: use an object of serverUrl, repository/,
    ],
    [
      "a holder that can't be decoded",
      "/report",
      holder("%7B%"),
      400,
      /^Cronyx-Holder "%7B%" is not percent-encoded JSON: use/,
    ],
    [
      "a holder that is a list",
      "/report",
      held([]),
      400,
      /^Cronyx-Holder \[\] is not allowed: use an object of serverUrl, repository/,
    ],
    [
      "a holder's number",
      "/report",
      held({ runId: 7 }),
      400,
      "Cronyx-Holder.runId 7 is not allowed: use a text of 1 to 255 characters",
    ],
    ["a holder's empty text", "/report", held({ job: "" }), 400, /^Cronyx-Holder\.job "" is not allowed: use/],
    [
      "a holder's unknown field",
      "/report",
      held({ pod: "a" }),
      400,
      /^Cronyx-Holder contains the unknown field "pod": use serverUrl, repository, runId, attempt, job, checkRunId, runUrl, kind only/,
    ],
    [
      "a holder's script",
      "/report",
      held({ runUrl: "javascript:alert(1)" }),
      400,
      /^Cronyx-Holder\.runUrl "javascript:alert\(1\)" is not allowed: use a URL/,
    ],
    ["a long holder", "/report", held({ job: "x".repeat(12_000) }), 400, /^Cronyx-Holder .*… is not allowed: use/],
  ] as [string, string, SendOptions, number, string | RegExp][])("%s", async (what, path, options, status, message) => {
    const [method, target] = what.startsWith("an end's") ? ["PUT", `${path}/x/finish`] : ["POST", path];
    expectRefusal(await untouched.server.send(method, target, options), status, message);
  });

  /** Sends raw bytes. @returns all bytes until the server closes the connection. */
  async function answerTo(...sent: readonly string[]): Promise<string> {
    const socket = net.connect(untouched.server.port, "127.0.0.1");
    socket.setTimeout(5_000, () => socket.destroy());
    for (const text of sent) socket.write(text, "latin1");
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  const POST = "POST /report HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n`;
  const NO_HTTP = /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"message":"Client Error"/;
  const TOO_LARGE = /^HTTP\/1\.1 431 [\s\S]*"message":"Exceeded maximum allowed HTTP header size"/;
  test.each<[what: string, sent: string, says: RegExp]>([
    ["text that is not HTTP", "HELLO\r\n\r\n", NO_HTTP],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NO_HTTP],
    ["a NUL in a header", "GET /report HTTP/1.1\r\nHost: x\r\na\0b: 1\r\n\r\n", NO_HTTP],
    ["a path beyond ASCII", "GET /caf\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", NO_HTTP],
    ["two lengths", `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, NO_HTTP],
    ["a length and chunks", `${CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n`, NO_HTTP],
    ["a chunk of no length", `${CHUNKED}\r\nzz\r\n{}\r\n0\r\n\r\n`, NO_HTTP],
    ["no host", "GET /report HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["3,000 headers", `GET /report HTTP/1.1\r\nHost: x\r\n${"h: 1234567\r\n".repeat(3_000)}\r\n`, TOO_LARGE],
    ["a header of over 16 KiB", `GET /report HTTP/1.1\r\nHost: x\r\nh: ${"x".repeat(16_384)}\r\n\r\n`, TOO_LARGE],
    [
      "chunks of over 64 KiB",
      `${CHUNKED}\r\n10001\r\n${" ".repeat(65_537)}\r\n`,
      /^HTTP\/1\.1 413 [\s\S]*\{"message":"The body is longer than 65536 bytes: send a shorter one"\}$/,
    ],
    [
      "bad input by HTTP/1.0",
      'POST /report HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"jobInterval":0}',
      /^HTTP\/1\.1 400 [\s\S]*\{"message":"jobInterval 0 is not allowed: use/,
    ],
    [
      "bad input after 100 Continue",
      `${POST}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 [\s\S]*"jobInterval is missing/,
    ],
    [
      "two requests at once, which are answered in their order",
      `${POST}Content-Length: 2\r\n\r\n{}${POST}Connection: close\r\nContent-Length: 2\r\n\r\n[]`,
      /^HTTP\/1\.1 400 [\s\S]*"jobInterval is missing[\s\S]*HTTP\/1\.1 400 [\s\S]*"The body \[\] is not allowed/,
    ],
  ] as [string, string, RegExp][])("%s", async (_, sent, says) => {
    expect(await answerTo(sent)).toMatch(says);
  });

  test("a request that is not HTTP leaves none of its credentials in the log", async () => {
    untouched.server.lines.length = 0;
    await answerTo(`${CHUNKED}Authorization: Basic c2VjcmV0\r\nContent-Length: 5\r\n\r\n`);
    expect(untouched.server.lines).toMatchObject([{ level: 10, msg: "client error" }]);
    const log = JSON.stringify(untouched.server.lines);
    for (const secret of ["c2VjcmV0", [...Buffer.from("c2VjcmV0")].join()]) expect(log).not.toContain(secret);
  });

  test("a body that never arrives completely is answered with 408", async () => {
    const hasty = await runServer({ store: untouched.store, requestTimeout: 100 });
    try {
      const socket = net.connect(hasty.port, "127.0.0.1");
      socket.write(`${POST}Content-Length: 500\r\n\r\n{`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toMatch(
        /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"message":"Client Timeout"/,
      );
    } finally {
      await hasty.close();
    }
  });

  test("unknown methods", async () => {
    for (const method of ["OPTIONS", "TRACE", "PROPFIND", "DELETE", "PATCH"]) {
      const answer = await untouched.server.send(method, "/report");
      expectRefusal(answer, 405, `${method} is not a method of this path: use GET, HEAD, POST`);
      expect(answer.headers.allow).toBe("GET, HEAD, POST");
    }
    for (const [method, path, allow] of [
      ["GET", "/report/id/finish", "PUT"],
      ["POST", "/report/skip", "PUT"],
      ["DELETE", "/", "GET, HEAD, POST"],
    ] as const) {
      expect(await untouched.server.send(method, path)).toMatchObject({ status: 405, headers: { allow } });
    }
  });
});
