import { type Static, Type } from "typebox";
import { CATCH_UPS } from "../../scheduler/start-request.ts";
import { JobName } from "./job-name.ts";

// The only definition of the responses: it gives their types and their part of /openapi.json.

const UtcInstant = Type.String({
  format: "date-time",
  description: "an instant in UTC such as 2026-11-24T00:29:32.532Z",
});

const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

const intervalFields = {
  interval: Type.Integer({ description: "the interval's length in milliseconds" }),
  intervalStartedAt: UtcInstant,
  intervalEndedAt: UtcInstant,
};

const AnyHolder = Nullable(Type.Record(Type.String(), Type.Unknown()));

export const JobResponse = Type.Object({
  id: Nullable(Type.String()),
  name: JobName,
  ...intervalFields,
  isActive: Type.Literal(true),
  createdAt: UtcInstant,
  updatedAt: UtcInstant,
  startsAt: Type.Optional(UtcInstant),
  catchUp: Type.Optional(Type.Enum([...CATCH_UPS])),
  behind: Type.Optional(Type.Integer({ description: "further intervals that are due after this one, up to 1000" })),
  skippedStartedAt: Type.Optional(UtcInstant),
  takenOver: Type.Optional(Type.Object({ holder: AnyHolder, since: Nullable(UtcInstant) })),
});
export type JobResponse = Static<typeof JobResponse>;

export const RefusalResponse = Type.Union([
  Type.Object({
    started: Type.Literal(false),
    reason: Type.Literal("active"),
    id: Nullable(Type.String()),
    since: Nullable(UtcInstant),
    updatedAt: Nullable(UtcInstant),
    holder: AnyHolder,
    retryAt: Nullable(UtcInstant),
  }),
  Type.Object({ started: Type.Literal(false), reason: Type.Literal("not-due"), dueAt: Nullable(UtcInstant) }),
  Type.Object({
    started: Type.Literal(false),
    reason: Type.Literal("required-job"),
    jobName: JobName,
    finishedUntil: Nullable(UtcInstant),
    neededUntil: Nullable(UtcInstant),
    mutual: Type.Boolean(),
  }),
  Type.Object({ started: Type.Literal(false), reason: Type.Literal("unknown") }),
]);

const EndedRun = Type.Object({
  id: Type.String(),
  ...intervalFields,
  outcome: Type.String({ description: "finished, interrupted, taken-over, or a word of a newer version" }),
  createdAt: Type.Optional(UtcInstant),
  endedAt: UtcInstant,
  runUrl: Nullable(Type.String()),
  holder: Type.Optional(AnyHolder),
});

const WaitingFor = Type.Object({
  jobName: Nullable(Type.String({ description: "null for a job that the caller may neither use nor require" })),
  finishedUntil: Nullable(UtcInstant),
  neededUntil: Nullable(UtcInstant),
  mutual: Type.Boolean({ description: "whether that job requires this one in turn" }),
});

export const JobStateResponse = Type.Object({
  name: JobName,
  lock: Nullable(
    Type.Object({
      id: Type.String(),
      ...intervalFields,
      createdAt: UtcInstant,
      updatedAt: UtcInstant,
      holder: AnyHolder,
    }),
  ),
  lastFinished: Nullable(
    Type.Object({
      intervalEndedAt: UtcInstant,
      endedAt: Nullable(UtcInstant),
      runUrl: Nullable(Type.String()),
    }),
  ),
  history: Type.Array(EndedRun),
  begun: Type.Optional(Type.Object({ intervalStartedAt: UtcInstant, intervalEndedAt: UtcInstant })),
  schedule: Type.Optional(
    Type.Object({
      jobInterval: Type.Unknown(),
      timezone: Type.String(),
      startBuffer: Type.Unknown(),
      requiredJobNames: Type.Array(Nullable(Type.String())),
    }),
  ),
  skipped: Type.Optional(
    Type.Array(Type.Object({ skippedStartedAt: UtcInstant, skippedEndedAt: UtcInstant, recordedAt: UtcInstant })),
  ),
  dueAt: Nullable(UtcInstant),
  behind: Nullable(Type.Integer()),
  overdue: Nullable(Type.Boolean()),
  failing: Type.Boolean(),
  waitingFor: Nullable(Type.Array(WaitingFor)),
});
export type JobStateResponse = Static<typeof JobStateResponse>;

export const AbandonResponse = Type.Object({
  held: Type.Boolean({ description: "whether the start held the lock until now" }),
});
export const JobListResponse = Type.Object({
  jobs: Type.Array(JobStateResponse),
  damaged: Type.Optional(
    Type.Array(JobName, { description: "the jobs whose state document is damaged; left out if there are none" }),
  ),
  next: Nullable(
    Type.String({ description: "the value of after that lists the following jobs; null if there are none" }),
  ),
});
export const HealthResponse = Type.Object({ ok: Type.Boolean() });
const ErrorResponse = Type.Object({ message: Type.String() });

/** The answer to an id that is not that of the job's active lock. */
export const LockLostResponse = Type.Object({
  message: Type.String(),
  outcome: Type.Enum(["finished", "interrupted", "taken-over", "unknown"], {
    description: "how the lock of this id ended",
  }),
  grantedSince: Type.Optional(AnyHolder),
});
export const JobActiveResponse = Type.Object({
  message: Type.String(),
  holder: AnyHolder,
  since: Nullable(UtcInstant),
});

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: "The request is invalid: the message names the field, its value, and the values that are allowed",
  401: "The credentials are missing or wrong",
  403: "The server's rules do not allow the request",
  404: "No such job or lock",
  405: "The path has no such method: the header Allow names those that it has",
  406: "The Accept header excludes both application/json and text/html",
  413: "The body is over 64 KiB",
  415: "The body is compressed",
  431: "The request line and the headers are over 16 KiB",
  500: "Internal error: the server's log has the cause",
  503: "Temporarily unavailable: try again later",
};

/** The error responses of a route, for /openapi.json. Node answers 431 before a route is chosen, so each route has it. */
export function errorResponses<Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 431, typeof ErrorResponse> {
  const entries = [...statuses, 431].map((status) => [status, { ...ErrorResponse, description: DESCRIPTIONS[status] }]);
  return Object.fromEntries(entries) as Record<Status | 431, typeof ErrorResponse>;
}
