import { randomUUID } from "node:crypto";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { expect, test } from "@jest/globals";
import { actionMessage } from "../../src/action/remedies.ts";
import { openBackend } from "../../src/backend/open-backend.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { parseLocation } from "../../src/location/location.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { selfSignedCertificate } from "../../testing/network/self-signed-certificate.ts";

test("a certificate of an unknown authority is reported by its code, and not tried again", async () => {
  const log: string[] = [];
  const secure = https.createServer(selfSignedCertificate("localhost"));
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const backend = await openBackend(parseLocation(`https://localhost:${(secure.address() as AddressInfo).port}`), {
    token: "ghs_token",
    credentials: { kind: "none" },
    userAgent: "cronyx-test",
    env: {},
    temporary: tmpdir(),
    now: Date.now,
    log: (line) => log.push(line),
  });
  try {
    const claim = { lockId: randomUUID(), holder: null, idempotencyKey: "key" };
    const error = await backend.start({ jobName: "report", jobInterval: HOUR }, claim, deadlineIn(10_000)).then(
      () => "no error",
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ServiceError);
    expect((error as Error).message).not.toMatch(/[.!?] [A-Z]|\n/);
    expect(error).toMatchObject({ code: "certificate-untrusted", effect: "none" });
    expect(actionMessage(error)).toMatch(
      /authority that this machine does not trust \(DEPTH_ZERO_SELF_SIGNED_CERT\): set NODE_EXTRA_CA_CERTS to a file/,
    );
    expect(log).toEqual([]);
  } finally {
    await backend.close();
    await new Promise((resolve) => secure.close(resolve));
  }
});
