import { expect } from "@jest/globals";
import { ServiceError } from "../../src/errors/service-error.ts";

/** @returns the error of a call that has to fail with a {@link ServiceError}. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  const error = await call.then(
    (answer) => `no error, but ${JSON.stringify(answer)}`,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
}
