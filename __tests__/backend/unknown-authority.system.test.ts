import { randomUUID } from "node:crypto";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { expect, test } from "@jest/globals";
import { ACTION_TERMS } from "../../src/action/terms.ts";
import { openBackend } from "../../src/backend/open-backend.ts";
import { deadlineIn } from "../../src/network/deadline.ts";
import { HOUR } from "../../src/scheduler/instant.ts";
import { StoreError } from "../../src/store/job-store.ts";
import { selfSignedCertificate } from "../../testing/network/self-signed-certificate.ts";

test("a certificate of an unknown authority is reported by its code, and not tried again", async () => {
  const log: string[] = [];
  const secure = https.createServer(selfSignedCertificate("localhost"));
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const backend = await openBackend(`https://localhost:${(secure.address() as AddressInfo).port}`, {
    token: "ghs_token",
    credentials: { kind: "none" },
    userAgent: "cronyx-test",
    env: {},
    temporary: tmpdir(),
    now: Date.now,
    terms: ACTION_TERMS,
    log: (line) => log.push(line),
  });
  try {
    const claim = { lockId: randomUUID(), holder: null, idempotencyKey: null };
    const error = await backend.start({ jobName: "report", jobInterval: HOUR }, claim, deadlineIn(10_000)).then(
      () => "no error",
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StoreError);
    expect((error as Error).message).not.toMatch(/[.!?] [A-Z]|\n/);
    expect(error).toMatchObject({ code: "unreachable", unsettled: false });
    expect((error as Error).message).toMatch(
      /authority that this machine doesn't know, DEPTH_ZERO_SELF_SIGNED_CERT\): name a file .* NODE_EXTRA_CA_CERTS/,
    );
    expect(log).toEqual([]);
  } finally {
    await backend.close();
    await new Promise((resolve) => secure.close(resolve));
  }
});
