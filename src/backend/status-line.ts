import { type Instant, toIso } from "../scheduler/instant.ts";
import { lateText } from "../scheduler/late-text.ts";
import type { JobStatus } from "../scheduler/what-comes-next.ts";
import { holderLine, oneLine } from "./one-line.ts";

/** One job in one line, for a log or a terminal. */
export function statusLine({ state, next }: JobStatus, now: Instant): string {
  const { name, active, finishedUntil } = state;
  const lock =
    active === null
      ? "not held"
      : `held by ${holderLine(active.holder)} since ${active.createdAt} for ${active.intervalStartedAt} to ${active.intervalEndedAt}`;
  const parts = [
    next.failing && "failing",
    next.overdue && "overdue",
    lock,
    finishedUntil === null ? "nothing finished yet" : `finished until ${finishedUntil}`,
    ...comingParts(next, now),
  ];
  return `${oneLine(name)}: ${parts.filter(Boolean).join(", ")}`;
}

function comingParts(next: JobStatus["next"], now: Instant): readonly string[] {
  const { dueAt, waitingFor } = next;
  const names = waitingFor?.map(({ jobName }) => oneLine(jobName)).join(" and ") ?? "";
  return [
    ...(dueAt === null ? [] : [`next due ${dueAt <= now ? "since " : ""}${toIso(dueAt)}`]),
    lateText(next, now),
    ...(names === "" ? [] : [`waiting for ${names}`]),
  ];
}
