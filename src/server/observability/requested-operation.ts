import type { FastifyRequest } from "fastify";
import type { Operation } from "./operation.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What is done to the job that the request names, if that is to be logged and counted. */
    operation?: Operation;
    /** The query's parameters that name a job. */
    jobParameters?: readonly string[];
  }
}

/** The jobs that a request is about, if it is about any: those that its path and its query name. */
export function requestedJobNames(request: FastifyRequest): readonly string[] {
  const { params, query } = request as { readonly params?: Names; readonly query?: Names };
  const { jobParameters = [] } = request.routeOptions?.config ?? {};
  const names = [params?.jobName, ...jobParameters.map((parameter) => query?.[parameter])];
  return names.filter((name) => typeof name === "string");
}

type Names = Readonly<Record<string, unknown>> | null;

/** What a request asks to be done to which job; null if it asks for nothing of the kind. */
export function asked(request: FastifyRequest): { readonly operation: Operation; readonly jobName: string } | null {
  const operation = request.routeOptions?.config?.operation;
  const [jobName] = requestedJobNames(request);
  return operation === undefined || jobName === undefined ? null : { operation, jobName };
}
