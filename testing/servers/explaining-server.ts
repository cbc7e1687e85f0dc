import { randomUUID } from "node:crypto";
import { lockIdOf } from "../../src/backend/lock-id.ts";
import { ArgumentError } from "../../src/errors/argument-error.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { toIso } from "../../src/scheduler/instant.ts";
import { mapInstants, type NotStarted } from "../../src/scheduler/not-started.ts";
import {
  granted,
  json,
  OriginalServer,
  type ReceivedRequest,
  requestIn,
  type ServerAnswer,
} from "./original-server.ts";

/** The original server with the additions of this project: docs/rest-api.md. */
export class ExplainingServer extends OriginalServer {
  /** Jobs on one page of the list. */
  pageSize = 2;

  /** Makes the server list this job. */
  write(jobName: string): Promise<unknown> {
    return this.backend.abandon({ jobName, id: randomUUID(), record: null }, deadlineIn(1_000));
  }

  protected override async answer(received: ReceivedRequest): Promise<ServerAnswer> {
    const { headers, ...answer } = await this.explained(received);
    return { ...answer, headers: { ...headers, "cronyx-server": "0.0.0" } };
  }

  protected async explained(received: ReceivedRequest): Promise<ServerAnswer> {
    const [path = "", query = ""] = received.path.split("?");
    const [jobName = "", id, end] = path.slice(1).split("/").map(decodeURIComponent);
    const by = deadlineIn(1_000);
    if (received.method === "GET" && jobName === "") {
      const { name, after = "" } = Object.fromEntries(new URLSearchParams(query));
      const all = (await this.backend.states(by)).jobs.map(({ state }) => state.name);
      const matching = all.filter((one) => (name === undefined ? one > after : one === name));
      const names = matching.slice(0, this.pageSize);
      const next = names.length < matching.length ? names.at(-1) : null;
      return json(200, { jobs: await Promise.all(names.map((one) => this.statusOf(one))), next });
    }
    if (received.method === "GET") {
      const status = await this.statusOf(jobName);
      return status === null ? json(404, { message: `Cannot find job for ${jobName}` }) : json(200, status);
    }
    if (received.method === "PUT" && id !== undefined && end === "abandon") {
      return json(200, { held: await this.backend.abandon({ jobName, id, record: null }, by) });
    }
    return super.answer(received);
  }

  protected override async start(
    path: string,
    { headers, path: fullPath }: ReceivedRequest,
    body: string,
  ): Promise<ServerAnswer> {
    const request = requestIn(decodeURIComponent(path), body);
    if (request === null) return json(400, { message: "The body can't be" });
    const idempotencyKey = headers["idempotency-key"]?.toString() ?? randomUUID();
    const holder = headers["cronyx-holder"]?.toString();
    const claim = {
      idempotencyKey,
      lockId: lockIdOf(idempotencyKey),
      holder: holder === undefined ? null : JSON.parse(decodeURIComponent(holder)),
    };
    try {
      const answer = await this.backend.start(request, claim, deadlineIn(1_000));
      return (
        granted(answer) ??
        json(200, fullPath.endsWith("?explain=true") ? mapInstants(answer as NotStarted, toIso) : null)
      );
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      return json(400, { message: error.message });
    }
  }

  protected override end(jobName: string, id: string, end: "finish" | "interrupt"): Promise<ServerAnswer> {
    return super.end(decodeURIComponent(jobName), id, end);
  }

  private async statusOf(jobName: string) {
    const state = (await this.backend.status(jobName, deadlineIn(1_000)))?.state;
    if (state === undefined) return null;
    const { name, active, finishedUntil, history } = state;
    const { idempotencyKey: _, ...lock } = active ?? { idempotencyKey: null };
    const lastFinished = finishedUntil && { intervalEndedAt: finishedUntil, endedAt: null, runUrl: null };
    return { name, lock: active && lock, lastFinished, history };
  }
}
