import { type Static, Type } from "typebox";
import { DURATION_FIELDS } from "../scheduler/duration.ts";
import { HOLDER_FIELDS } from "../scheduler/state-document.ts";

// What goes over the wire, said once: requests are checked by these schemas, their types come from them, and so does
// /openapi.json. A description completes the sentence "it takes …", since it is what a refusal says.

const count = Type.Integer({ minimum: 0, description: "a whole number of at least 0" });

const unitNames = DURATION_FIELDS.join(", ");
const holderFields = HOLDER_FIELDS.join(", ");

const Duration = Type.Object(
  {
    years: Type.Optional(count),
    months: Type.Optional(count),
    weeks: Type.Optional(count),
    days: Type.Optional(count),
    hours: Type.Optional(count),
    minutes: Type.Optional(count),
    seconds: Type.Optional(count),
  },
  { additionalProperties: false, minProperties: 1, description: `an object of at least one of ${unitNames}` },
);

const Wait = (what: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Duration], {
    description: `${what}: a whole number of milliseconds of at least 0, or an object of ${unitNames}`,
  });

const JobName = Type.String({ minLength: 1, maxLength: 255, description: "a text of 1 to 255 characters" });

const UtcInstant = Type.String({
  format: "date-time",
  description: "an instant in UTC such as 2026-11-24T00:29:32.532Z",
});
const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

export const StartBody = Type.Object(
  {
    jobInterval: Type.Union([Type.String({ minLength: 1, maxLength: 1000 }), Type.Integer({ minimum: 1 }), Duration], {
      description: `how long one interval is: a cron expression such as "0 * * * *", a whole number of milliseconds of at least 1, or an object of ${unitNames}`,
    }),
    startBuffer: Type.Optional(Wait("how long to wait after an interval's end")),
    retryInterval: Type.Optional(Wait("how long after its last update an active lock may be taken over")),
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
        pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?(Z|[+-]\\d{2}:\\d{2})$",
        description: "an instant in whole milliseconds such as 2026-11-24T00:29:32.532Z, and only together with noLock",
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

export const StartQuery = Type.Object({
  explain: Type.Optional(Type.Enum(["true", "false"], { description: "true or false" })),
});
export type StartQuery = Static<typeof StartQuery>;

export const StartHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: "a text of 1 to 255 characters; a UUID becomes the id of the lock",
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

const holderText = Type.String({ minLength: 1, maxLength: 255, description: "a text of 1 to 255 characters" });

export const Holder = Type.Object(
  {
    repository: Type.Optional(holderText),
    runId: Type.Optional(holderText),
    attempt: Type.Optional(holderText),
    job: Type.Optional(holderText),
    // Status pages link to it.
    runUrl: Type.Optional(
      Type.String({
        pattern: "^https?://[^\\s]+$",
        maxLength: 2000,
        description: "a URL that begins with https:// or http://, of at most 2000 characters",
      }),
    ),
  },
  { additionalProperties: false, description: `an object of ${holderFields}` },
);

export const JobParams = Type.Object({ jobName: JobName });
export type JobParams = Static<typeof JobParams>;

export const LockParams = Type.Object({
  jobName: JobName,
  jobId: Type.String({ description: "the id that the start answered with" }),
});
export type LockParams = Static<typeof LockParams>;

/** A start that is given up leaves its lock's id behind: one as short as an idempotency key. */
export const AbandonParams = Type.Object({
  jobName: JobName,
  jobId: Type.String({
    minLength: 1,
    maxLength: 255,
    description: "the idempotency key of the start, a text of 1 to 255 characters",
  }),
});
export type AbandonParams = Static<typeof AbandonParams>;

const MOST_LISTED = 500;

export const ListQuery = Type.Object({
  limit: Type.Optional(
    Type.String({
      pattern: "^([1-9]\\d?|[1-4]\\d\\d|500)$",
      description: `how many jobs to list at most: a whole number from 1 to ${MOST_LISTED}`,
    }),
  ),
  after: Type.Optional(Type.String({ maxLength: 255, description: "the name that the list begins after" })),
  name: Type.Optional(JobName),
  search: Type.Optional(
    Type.String({ maxLength: 255, description: "for the page: a part of a name, of at most 255 characters" }),
  ),
  page: Type.Optional(
    Type.String({ pattern: "^[1-9]\\d{0,6}$", description: "for the page: which one, a whole number of at least 1" }),
  ),
  release: Type.Optional(JobName),
  released: Type.Optional(JobName),
  lost: Type.Optional(JobName),
  lock: Type.Optional(Type.String({ maxLength: 255, description: "the id of a lock" })),
});
export type ListQuery = Static<typeof ListQuery>;

export const ReleaseQuery = Type.Object({
  release: JobName,
  lock: Type.String({ minLength: 1, description: "the id of the lock that is to be released" }),
});
export type ReleaseQuery = Static<typeof ReleaseQuery>;

const intervalFields = {
  interval: Type.Integer({ description: "the interval's length in milliseconds" }),
  intervalStartedAt: UtcInstant,
  intervalEndedAt: UtcInstant,
};

export const Job = Type.Object({
  id: Nullable(Type.String()),
  name: JobName,
  ...intervalFields,
  isActive: Type.Literal(true),
  createdAt: UtcInstant,
  updatedAt: UtcInstant,
});
export type Job = Static<typeof Job>;

const AnyHolder = Nullable(Type.Record(Type.String(), Type.Unknown()));

export const Refusal = Type.Union([
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
  endedAt: UtcInstant,
  runUrl: Nullable(Type.String()),
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
});
export type JobStateResponse = Static<typeof JobStateResponse>;

export const Abandoned = Type.Object({ held: Type.Boolean({ description: "whether it held the lock until now" }) });
export const JobList = Type.Object({
  jobs: Type.Array(JobStateResponse),
  unreadable: Type.Optional(
    Type.Array(JobName, { description: "the jobs of which what is kept is damaged; left out where there are none" }),
  ),
  next: Nullable(
    Type.String({ description: "the name to give as after for the jobs that follow; null where none do" }),
  ),
});
export const Health = Type.Object({ ok: Type.Boolean() });
const Failure = Type.Object({ message: Type.String() });

const MEANINGS: Readonly<Record<number, string>> = {
  400: "Something about the request can't be: the message says which field, what it was, and what it takes",
  401: "The credentials are missing or wrong",
  403: "The server's rules don't allow it",
  404: "There is no such job or lock",
  406: "The answer comes as application/json alone",
  413: "The body is over 64 KiB",
  500: "It couldn't be done; the server's log says why",
  503: "It can't be done now: try again",
};

/** What a route may answer instead, for /openapi.json. */
export function failures<Status extends number>(...statuses: readonly Status[]): Record<Status, typeof Failure> {
  const entries = statuses.map((status) => [status, { ...Failure, description: MEANINGS[status] }]);
  return Object.fromEntries(entries) as Record<Status, typeof Failure>;
}
