import net, { type AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HttpConnection } from "../../src/network/http.ts";
import { selfSignedCertificate } from "../../testing/network/self-signed-certificate.ts";

const certificate = selfSignedCertificate("cronyx.test");
const { connect } = tls;
let server: net.Server;
let connection: HttpConnection;
/** The bytes that the server writes beside its TLS stream after a request. */
let broken: Buffer;
let requests: number;
const sockets: net.Socket[] = [];

beforeEach(async () => {
  requests = 0;
  // A test cannot change the environment that Node has read at its start, so it trusts the certificate here.
  jest
    .spyOn(tls, "connect")
    .mockImplementation((options) => connect({ ...Object(options), rejectUnauthorized: false }));
  server = net.createServer((socket) => {
    sockets.push(socket);
    // The server's TLS uses a separate stream, so that the test can write to the socket directly.
    const below = new Duplex({
      read: () => {},
      write: (chunk, _encoding, done) => void socket.write(chunk, () => done()),
    });
    socket.on("data", (chunk) => below.push(chunk)).on("error", () => {});
    const secure = new tls.TLSSocket(below, { isServer: true, ...certificate });
    secure
      .on("error", () => {})
      .once("data", () => {
        requests++;
        socket.write(broken);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = new HttpConnection({ place: "The server", userAgent: "cronyx-test" });
});
afterEach(async () => {
  jest.restoreAllMocks();
  connection.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test.each([
  ["a damaged record", Buffer.from([23, 3, 3, 0, 32, ...Array(32).fill(7)])],
  ["plain HTTP of a proxy", Buffer.from("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")],
])("a request may be carried out although its TLS connection broke, and is sent again: %s", async (_, bytes) => {
  broken = bytes;
  const error = await connection
    .send(
      {
        method: "PUT",
        url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`),
        headers: {},
        authorization: null,
        body: null,
        writes: true,
        followsToOtherOrigins: false,
      },
      deadlineIn(5_000),
    )
    .catch((error: unknown) => error);
  expect(requests).toBe(1);
  expect(error).toMatchObject({ code: "unreachable", effect: "possible", retryAfter: 0 });
});
