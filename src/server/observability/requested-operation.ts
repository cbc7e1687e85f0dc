import type { FastifyRequest } from "fastify";
import type { Operation } from "./operation.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The operation of this route, which may depend on the query. Its requests are logged and counted. */
    operation?: Operation | ((query: object) => Operation);
    /** The query parameters of this route that hold a job name. */
    jobParameters?: readonly string[];
  }
}

/** The job names in a request's path and query, the path's first. */
export function requestedJobNames(request: FastifyRequest): readonly string[] {
  const { params, query } = request as { readonly params?: Fields; readonly query?: Fields };
  const { jobParameters = [] } = request.routeOptions?.config ?? {};
  const names = [params?.jobName, ...jobParameters.map((parameter) => query?.[parameter])];
  return names.filter((name) => typeof name === "string");
}

type Fields = Readonly<Record<string, unknown>> | null;

/** The operation that a request asks for, and its job. Null for a request that only reads. */
export function requestedOperation(
  request: FastifyRequest,
): { readonly operation: Operation; readonly jobName: string } | null {
  const configured = request.routeOptions?.config?.operation;
  const operation = typeof configured === "function" ? configured(request.query ?? {}) : configured;
  const [jobName] = requestedJobNames(request);
  return operation === undefined || jobName === undefined ? null : { operation, jobName };
}
