import { type Static, Type } from "typebox";
import { DURATION_FIELDS } from "../../scheduler/duration.ts";
import { CONDITIONS } from "../../scheduler/job-condition.ts";
import { CATCH_UPS } from "../../scheduler/start-request.ts";
import { HOLDER_FIELDS } from "../../scheduler/state-document.ts";
import { SORTS } from "../pages/overview.ts";
import { JobName } from "./job-name.ts";

// The only definition of the requests: it validates them, and gives their types and their part of /openapi.json. The
// description of a field must complete the sentence "use …", which the messages of refused requests contain.

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

const Delay = (meaning: string) =>
  Type.Union([LengthText, Type.Integer({ minimum: 0 }), Duration], {
    description: `${meaning}, as a whole number of milliseconds of at least 0, a duration such as "90 minutes" or "PT1H30M", or an object of ${unitNames}`,
  });

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
    startBuffer: Type.Optional(Delay("the delay after an interval's end")),
    retryInterval: Type.Optional(
      Delay("the delay after an active lock's last update, after which another start may take it over"),
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
    noLock: Type.Optional(Type.Boolean({ description: "true or false, without quotes" })),
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

/** The largest number of jobs in one list. */
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
    state: Type.Optional(
      Type.Enum([...CONDITIONS], {
        description: `one of ${CONDITIONS.join(", ")}, the state of the jobs to show (for the page)`,
      }),
    ),
    sort: Type.Optional(
      Type.Enum([...SORTS], { description: `one of ${SORTS.join(", ")}, the order of the jobs (for the page)` }),
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
