import { afterAll, beforeAll, beforeEach, expect } from "@jest/globals";
import { CronyxClient } from "../../src/client/client.ts";
import type { CronyxClientError } from "../../src/client/client-error.ts";
import type { CronyxClientOptions, Job, JobStartOptions } from "../../src/client/index.ts";
import type { Surroundings } from "../../src/client/surroundings.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { type ServedRepository, serveRepository } from "../git/served-repository.ts";

export const NOON = Date.parse("2026-11-24T12:00:00Z");

/** Clients of one repository that is served over HTTP. */
class ServedClients {
  /** The git server's clock, by which decisions go. */
  now = NOON;
  /** A start of a job that no other test has started. */
  hourly: JobStartOptions = { jobName: "", jobInterval: HOUR };
  /** The warnings of all clients. */
  warnings: string[] = [];
  #served: ServedRepository | undefined;

  get served(): ServedRepository {
    if (this.#served === undefined) throw new Error("The repository is served once the tests begin");
    return this.#served;
  }

  async serve(): Promise<void> {
    this.#served = await serveRepository();
    this.#served.now = () => this.now;
  }

  clientOf(options: Partial<CronyxClientOptions> = {}, surroundings: Partial<Surroundings> = {}): CronyxClient {
    return new CronyxClient(
      { url: `git+${this.served.url}`, ...options },
      { now: () => this.now, warn: (warning) => this.warnings.push(warning), ...surroundings },
    );
  }

  async startedBy(client: CronyxClient, options = this.hourly): Promise<Job> {
    const job = await client.requestJobStart(options);
    if (job === null) throw new Error(`${options.jobName} was not started`);
    return job;
  }
}

/** @returns clients for the tests of a file. Each test begins at noon, without faults, with a job of its own. */
export function servedClients(): ServedClients {
  const clients = new ServedClients();
  let jobs = 0;
  beforeAll(() => clients.serve());
  afterAll(() => clients.served.close());
  beforeEach(() => {
    clients.now = NOON;
    clients.served.fault = () => undefined;
    clients.warnings = [];
    clients.hourly = { jobName: `report ${++jobs}`, jobInterval: HOUR };
  });
  return clients;
}

export async function errorOf(call: Promise<unknown>): Promise<CronyxClientError> {
  const error = await call.then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ name: "CronyxClientError" });
  return error as CronyxClientError;
}
