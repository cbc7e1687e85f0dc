/**
 * The key of a job's row: the UTF-8 bytes of its name. Bytes compare the same in every collation, and may be NUL, which
 * PostgreSQL's text may not.
 */
export function keyOf(jobName: string): Buffer {
  return Buffer.from(jobName, "utf8");
}

export function jobNameOf(key: Uint8Array): string {
  return Buffer.from(key).toString("utf8");
}
