import { serverMessage } from "../remedies.ts";

/**
 * The fields of an error that may be logged. Other properties may hold secrets: database drivers attach statements and
 * their parameters, and Node's HTTP parser attaches the raw request.
 */
export function loggableError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    type: error.name,
    message: serverMessage(error),
    ...("code" in error && { code: String(error.code) }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: loggableError(error.cause) }),
  };
}
