import type { FastifyRequest } from "fastify";
import type { Operation } from "./journal.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What is done to the job that the path names, if that is to be logged and counted. */
    operation?: Operation;
  }
}

/** The job that a request is about, if it is about one. */
export function jobNameIn(request: FastifyRequest): string | undefined {
  return (request.params as { readonly jobName?: string } | null | undefined)?.jobName;
}

/** What a request asks to be done to which job; null if it asks for nothing of the kind. */
export function asked(request: FastifyRequest): { readonly operation: Operation; readonly jobName: string } | null {
  const operation = request.routeOptions?.config?.operation;
  const jobName = jobNameIn(request);
  return operation === undefined || jobName === undefined ? null : { operation, jobName };
}
