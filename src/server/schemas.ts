import { type Static, Type } from "typebox";
import { DURATION_FIELDS } from "../scheduler/duration.ts";
import { CATCH_UPS } from "../scheduler/start-request.ts";
import { HOLDER_FIELDS } from "../scheduler/state-document.ts";

// The only definition of requests and responses: it validates requests, and gives the types and /openapi.json. A request
// field's description must complete the sentence "use …", which the messages of refused requests contain.

const Count = Type.Integer({ minimum: 0, description: "a whole number of at least 0" });

const unitNames = DURATION_FIELDS.join(", ");
const holderFields = HOLDER_FIELDS.join(", ");

const Duration = Type.Object(
  {
    years: Type.Optional(Count),
    months: Type.Optional(Count),
    weeks: Type.Optional(Count),
    days: Type.Optional(Count),
    hours: Type.Optional(Count),
    minutes: Type.Optional(Count),
    seconds: Type.Optional(Count),
  },
  { additionalProperties: false, minProperties: 1, description: `an object of at least one of ${unitNames}` },
);

/** A text is parsed after the schema: src/scheduler/interval-text.ts. */
const LengthText = Type.String({ minLength: 1, maxLength: 1000 });

const Wait = (meaning: string) =>
  Type.Union([LengthText, Type.Integer({ minimum: 0 }), Duration], {
    description: `${meaning}, as a whole number of milliseconds of at least 0, a duration such as "90 minutes" or "PT1H30M", or an object of ${unitNames}`,
  });

const JobName = Type.String({ minLength: 1, maxLength: 255, description: "a text of 1 to 255 characters" });

const UtcInstant = Type.String({
  format: "date-time",
  description: "an instant in UTC such as 2026-11-24T00:29:32.532Z",
});
const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

/** RFC 3339. Whether the date exists is checked after the schema. */
const INSTANT_PATTERN = "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?(Z|[+-]\\d{2}:\\d{2})$";

const InstantText = Type.String({
  pattern: INSTANT_PATTERN,
  description: "an instant in whole milliseconds such as 2026-11-24T00:29:32.532Z",
});

export const StartBody = Type.Object(
  {
    jobInterval: Type.Union([LengthText, Type.Integer({ minimum: 1 }), Duration], {
      description: `the length of one interval, as a cron expression such as "0 * * * *", a duration such as "90 minutes" or "PT1H30M", a whole number of milliseconds of at least 1, or an object of ${unitNames}`,
    }),
    startBuffer: Type.Optional(Wait("the wait after an interval's end")),
    retryInterval: Type.Optional(
      Wait("the wait after an active lock's last update, after which another start may take it over"),
    ),
    requiredJobNames: Type.Optional(
      Type.Array(JobName, { maxItems: 1000, description: "a list of at most 1000 job names" }),
    ),
    timezone: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: "a name of the IANA time zone database, such as Europe/London",
      }),
    ),
    noLock: Type.Optional(Type.Boolean({ description: "true or false" })),
    jobIntervalStartedAt: Type.Optional(
      Type.String({
        pattern: "^\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,100})?([Zz]|[+-]\\d{2}:\\d{2})?$",
        description: "an instant such as 2026-11-24T00:29:32.532Z, and only together with noLock",
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      "an object of jobInterval, startBuffer, retryInterval, requiredJobNames, timezone, noLock, jobIntervalStartedAt",
  },
);
export type StartBody = Static<typeof StartBody>;

export const StartQuery = Type.Object(
  {
    explain: Type.Optional(Type.Enum(["true", "false"], { description: "true or false" })),
    startsAt: Type.Optional(InstantText),
    catchUp: Type.Optional(Type.Enum([...CATCH_UPS], { description: `one of ${CATCH_UPS.join(", ")}` })),
    takeOver: Type.Optional(
      Type.String({
        pattern: "^.{1,255},[^,]+$",
        description: "a lock's id and its updatedAt, separated by a comma, as the refusal of a start has them",
      }),
    ),
  },
  { additionalProperties: false },
);
export type StartQuery = Static<typeof StartQuery>;

export const StartHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      pattern: "^[\\x21-\\x7e]{1,255}$",
      description: "1 to 255 visible ASCII characters that are new for each start, such as a random UUID",
    }),
  ),
  "cronyx-holder": Type.Optional(
    Type.String({
      maxLength: 12_000,
      description: `percent-encoded JSON, an object of ${holderFields}`,
    }),
  ),
});
export type StartHeaders = Static<typeof StartHeaders>;

const HolderText = Type.String({ minLength: 1, maxLength: 255, description: "a text of 1 to 255 characters" });

export const HolderHeader = Type.Object(
  {
    serverUrl: Type.Optional(HolderText),
    repository: Type.Optional(HolderText),
    runId: Type.Optional(HolderText),
    attempt: Type.Optional(HolderText),
    job: Type.Optional(HolderText),
    checkRunId: Type.Optional(HolderText),
    // The page links to it.
    runUrl: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s]+$",
        maxLength: 2000,
        description: "a URL that begins with https:// or http://, of at most 2000 characters",
      }),
    ),
    kind: Type.Optional(HolderText),
  },
  { additionalProperties: false, description: `an object of ${holderFields}` },
);

export const JobParams = Type.Object({ jobName: JobName });
export type JobParams = Static<typeof JobParams>;

export const LockParams = Type.Object({
  jobName: JobName,
  jobId: Type.String({ description: "the id in the answer to the start" }),
});
export type LockParams = Static<typeof LockParams>;

export const ResumeHeaders = Type.Pick(StartHeaders, ["cronyx-holder"]);
export type ResumeHeaders = Static<typeof ResumeHeaders>;

export const SkipQuery = Type.Object({ until: InstantText }, { additionalProperties: false });
export type SkipQuery = Static<typeof SkipQuery>;

/** The store keeps the ids of abandoned starts, so their length is limited. */
export const AbandonParams = Type.Object({
  jobName: JobName,
  jobId: Type.String({
    minLength: 1,
    maxLength: 255,
    description: "the id of the lock that the start may have taken, a text of 1 to 255 characters",
  }),
});
export type AbandonParams = Static<typeof AbandonParams>;

export const NoQuery = Type.Object({}, { additionalProperties: false });

const MAX_LIMIT = 500;

export const ListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.String({
        pattern: "^([1-9]\\d?|[1-4]\\d\\d|500)$",
        description: `a whole number from 1 to ${MAX_LIMIT}, the largest number of jobs to list`,
      }),
    ),
    after: Type.Optional(
      Type.String({ maxLength: 255, description: "a job name of at most 255 characters, after which the list starts" }),
    ),
    name: Type.Optional(JobName),
    search: Type.Optional(
      Type.String({ maxLength: 255, description: "a part of a job name, of at most 255 characters (for the page)" }),
    ),
    page: Type.Optional(
      Type.String({
        pattern: "^[1-9]\\d{0,6}$",
        description: "the number of a page, a whole number of at least 1 (for the page)",
      }),
    ),
    release: Type.Optional(JobName),
    released: Type.Optional(JobName),
    lost: Type.Optional(JobName),
    skip: Type.Optional(JobName),
    skipped: Type.Optional(JobName),
    until: Type.Optional(InstantText),
    lock: Type.Optional(Type.String({ maxLength: 255, description: "the id of a lock, of at most 255 characters" })),
  },
  { additionalProperties: false },
);
export type ListQuery = Static<typeof ListQuery>;

/** The query of the page's forms: a release of a lock, or a skip. */
export const FormQuery = Type.Union([
  Type.Object({
    release: JobName,
    lock: Type.String({ minLength: 1, description: "the id of the lock to release" }),
  }),
  Type.Object({ skip: JobName, until: InstantText }),
]);
export type FormQuery = Static<typeof FormQuery>;

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

/** An id that is not the job's active lock. */
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
  500: "Internal error: the server's log has the cause",
  503: "Temporarily unavailable: try again later",
};

/** The error responses of a route, for /openapi.json. */
export function errorResponses<Status extends number>(
  ...statuses: readonly Status[]
): Record<Status, typeof ErrorResponse> {
  const entries = statuses.map((status) => [status, { ...ErrorResponse, description: DESCRIPTIONS[status] }]);
  return Object.fromEntries(entries) as Record<Status, typeof ErrorResponse>;
}
