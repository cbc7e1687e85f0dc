import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deadlineIn } from "../../../src/network/deadline.ts";
import { commitOf, idOf, NO_OBJECT } from "../../../src/store/git/objects.ts";
import { demultiplex, packets, textOf } from "../../../src/store/git/pkt-line.ts";
import { refOf } from "../../../src/store/git/ref-name.ts";
import { SmartHttpRemote } from "../../../src/store/git/smart-http.ts";
import { failureOf } from "../../../testing/errors/failure-of.ts";
import { BareRepository } from "../../../testing/git/bare-repository.ts";
import type { GitExchange } from "../../../testing/git/git-server.mjs";
import {
  openStoreAt,
  repositoryAt,
  type ServedRepository,
  serveRepository,
  TOKEN,
} from "../../../testing/git/served-repository.ts";
import { gitStoreSuite } from "../../../testing/stores/git-store-suite.ts";
import { documentOf, inTime, jobStoreSuite } from "../../../testing/stores/job-store-suite.ts";

let served: ServedRepository;
beforeAll(async () => {
  served = await serveRepository(TOKEN);
});
afterAll(() => served.close());

describe("git's smart HTTP", () => {
  jobStoreSuite(() => served.open());
  gitStoreSuite(() => served);
});

describe("the requests", () => {
  const since = (from: number) => served.exchanges.slice(from).map(({ command }) => command);

  test("a read takes two requests, a read of a missing job one, and a swap one", async () => {
    const store = await served.open();
    const from = served.exchanges.length;
    const document = documentOf("counted");
    expect((await store.read([document.name], inTime())).records.size).toBe(0);
    expect(since(from)).toEqual(["ls-refs"]);
    const { version } = await store.swap(null, document, inTime());
    expect(since(from + 1)).toEqual(["push"]);
    await store.read([document.name, "counted too"], inTime());
    await store.swap(version, document, inTime());
    expect(since(from + 2)).toEqual(["ls-refs", "fetch", "push"]);
    await store.read([], inTime());
    expect(since(from)).toHaveLength(5);
    await store.close();
  });

  test("is the same with 1 ref in the repository and with 2,000", async () => {
    const exchanges: GitExchange[][] = [];
    for (const refs of [1, 2_000]) {
      const other = await serveRepository();
      const commit = other.repository.commit("Something else");
      const creations = Array.from({ length: refs }, (_, at) => `create refs/pull/${at}/head ${commit}\n`);
      other.repository.git(["update-ref", "--stdin"], creations.join(""));
      const remote = new SmartHttpRemote({
        location: repositoryAt(other.url),
        token: "",
        userAgent: "cronyx-test",
        log: () => {},
      });
      const document = commitOf("A document", 0);
      const update = { ref: refOf("job"), from: NO_OBJECT, to: idOf(document), commit: document, isChained: false };
      expect(await remote.push(update, inTime())).toEqual({ outcome: "moved" });
      const { tips } = await remote.fetch([update.ref], inTime());
      expect(tips).toMatchObject([{ ref: update.ref, id: update.to }]);
      exchanges.push(other.exchanges);
      await remote.close();
      await other.close();
    }
    const [few = [], many = []] = exchanges;
    expect(many.map(({ command }) => command)).toEqual(["push", "ls-refs", "fetch"]);
    expect(many.map(({ sent }) => sent)).toEqual(few.map(({ sent }) => sent));
    for (const [at, { received }] of many.entries()) {
      // The number of packets in an answer varies, and each has a header of 5 bytes.
      expect(Math.abs(received - (few[at]?.received ?? 0))).toBeLessThan(30);
    }
  });

  test("of a ref with a long history its last commit comes alone", async () => {
    const store = await served.open();
    const document = documentOf("with a long history");
    const ref = refOf(document.name);
    served.repository.git(["update-ref", ref, served.repository.history(500, JSON.stringify(document))]);
    const from = served.exchanges.length;
    expect((await store.read([document.name], inTime())).records.get(document.name)?.state).toMatchObject(document);
    const alone = served.exchanges.slice(from).reduce((bytes, { received }) => bytes + received, 0);
    expect(alone).toBeLessThan(2_000);
    await store.close();
  });

  test("documents that the server sends as deltas are read", async () => {
    const repository = served.repository;
    const names = Array.from({ length: 6 }, (_, at) => `much alike ${at}`);
    const text = Array.from({ length: 400 }, (_, at) => `${at} ${Math.sin(at)}`);
    for (const name of names) {
      const document = repository.commit(JSON.stringify({ ...documentOf(name, name), text }));
      repository.git(["update-ref", refOf(name), document]);
    }
    repository.git(["repack", "-adfq", "--window=50", "--depth=50"]);
    const front = await serveInFrontOf(served.url);
    const store = await openStoreAt(front.url, { token: TOKEN });
    const { records } = await store.read(names, inTime());
    expect(names.map((name) => records.get(name)?.state.active?.id)).toEqual(names);
    await store.close();
    await front.close();

    const scratch = new BareRepository();
    const pack = scratch.git(["index-pack", "--stdin", "--fix-thin"], packIn(front.answers.at(-1))).split("\t")[1];
    const deltas = scratch
      .git(["verify-pack", "-v", `objects/pack/pack-${pack}.idx`])
      .match(/^\w{40} commit .* \w{40}$/gm);
    expect(deltas?.length).toBeGreaterThanOrEqual(4);
    scratch.remove();
  });
});

describe("a server of another kind", () => {
  test("a server that has only git's protocol v0 is refused", async () => {
    const front = await serveInFrontOf(served.url, ({ "git-protocol": _, ...headers }) => headers);
    const store = await openStoreAt(front.url, { token: TOKEN });
    const error = await failureOf(store.read(["job"], deadlineIn(5_000)));
    expect(error).toMatchObject({ code: "not-a-repository", effect: "none" });
    expect(error.message).toContain(`${front.url} cannot keep locks (`);
    await store.close();
    await front.close();
  });
});

function packIn(answer: Buffer | undefined): Buffer {
  const all = [...packets(answer ?? Buffer.alloc(0))];
  const start = all.findIndex((packet) => packet.kind === "data" && textOf(packet.payload) === "packfile");
  return demultiplex(all.slice(start + 1)).data;
}

/** A server that forwards requests with other headers, and records the answers. */
async function serveInFrontOf(
  url: string,
  change: (headers: http.IncomingHttpHeaders) => http.IncomingHttpHeaders = (headers) => headers,
) {
  const answers: Buffer[] = [];
  const { origin, pathname } = new URL(url);
  const server = http.createServer((request, response) => {
    const onward = http.request(
      origin + request.url,
      { method: "POST", headers: change(request.headers) },
      (answer) => {
        const chunks: Buffer[] = [];
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.on("data", (chunk) => chunks.push(chunk)).on("end", () => answers.push(Buffer.concat(chunks)));
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}${pathname}`,
    answers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
