import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ApiRequest {
  /** Such as `GET /repos/octo-org/reports/actions/runs/7`. */
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GitHub's API on loopback: it answers as the test says, and with 404 otherwise. */
export async function serveGitHubApi(answer: (request: ApiRequest) => ApiAnswer | undefined) {
  const requests: ApiRequest[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    const asked = { line: `${method} ${url}`, authorization: headers.authorization, body: body && JSON.parse(body) };
    requests.push(asked);
    const { status, body: answered = { message: "Not Found" }, headers: own = {} } = answer(asked) ?? { status: 404 };
    response.writeHead(status, { "content-type": "application/json", ...own });
    response.end(status === 204 ? undefined : JSON.stringify(answered));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
