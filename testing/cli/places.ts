import { deadlineIn } from "../../src/network/deadline.ts";
import type { JobState } from "../../src/scheduler/state-document.ts";
import { LocksRepository } from "../action/locks-repository.ts";
import { type RunningServer, runServer } from "../servers/running-server.ts";

export const PLACES = ["git+http", "git+file", "our own server"] as const;
export type Place = (typeof PLACES)[number];

/** The places where the commands can keep locks, each with jobs of its own. */
export class Places {
  readonly server: RunningServer;
  readonly http: LocksRepository;
  readonly #file: LocksRepository;

  static async serve(): Promise<Places> {
    const clock = { now: Date.now() };
    return new Places(await LocksRepository.serve(), await LocksRepository.serve(), await runServer({ clock }));
  }

  private constructor(http: LocksRepository, file: LocksRepository, server: RunningServer) {
    this.http = http;
    this.#file = file;
    this.server = server;
  }

  urlOf(place: Place): string {
    return { "git+http": this.http.httpUrl, "git+file": this.#file.fileUrl, "our own server": this.server.url }[place];
  }

  async state(place: Place, jobName: string): Promise<JobState | null> {
    return this.#repositoryOf(place)?.state(jobName) ?? (await this.#record(jobName))?.state ?? null;
  }

  async write(place: Place, state: JobState): Promise<void> {
    const repository = this.#repositoryOf(place);
    if (repository !== null) return repository.write(state.name, state);
    await this.server.store.swap((await this.#record(state.name))?.version ?? null, state, deadlineIn(5000));
  }

  async close(): Promise<void> {
    await Promise.all([this.http.close(), this.#file.close(), this.server.close()]);
  }

  #repositoryOf(place: Place): LocksRepository | null {
    return { "git+http": this.http, "git+file": this.#file, "our own server": null }[place];
  }

  async #record(jobName: string) {
    return (await this.server.store.read([jobName], deadlineIn(5000))).records.get(jobName);
  }
}
