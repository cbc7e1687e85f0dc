import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { Compile } from "typebox/compile";
import type { Scheme } from "../../src/server/auth/authentication.ts";
import { basicScheme } from "../../src/server/auth/basic-scheme.ts";
import { anyCharacter } from "../../testing/generators/characters.ts";
import { type RunningServer, runServer } from "../../testing/servers/running-server.ts";

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

let server: RunningServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(() => server.close());

const TELLING = [
  ...["", " ", "a", "* * * * * *", "0 0 29 2 1", "true", "\0", "\ud800", "__proto__"],
  encodeURIComponent('{"job":7}'),
];
/** Valid texts of a field whose schema takes more texts. Half of the samples are valid, so that requests get past the checks. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  jobInterval: ["0 * * * *", "@daily", "*/7 3-9 * * MON"],
  timezone: ["UTC", "Asia/Tokyo", "Europe/London"],
  jobIntervalStartedAt: ["2026-11-24T00:00:00Z", "2026-11-24T09:00:00.123+09:00"],
  startBuffer: ["90 minutes", "PT1H", "0"],
  retryInterval: ["90 minutes", "PT1H", "3600000"],
  startsAt: ["2026-11-01T00:00:00Z", "2026-11-24T09:00:00.123+09:00"],
  takeOver: ["no-lock,2026-11-24T00:00:00.000Z"],
  until: ["2026-11-24T11:00:00.000Z", "2026-11-24T12:00:00.000Z", "2026-11-25T00:00:00Z"],
  jobName: ["report", "a/b c", "held-0"],
  "cronyx-holder": ['{"job":"a","runUrl":"https://example.com/"}', "{}"].map(encodeURIComponent),
};

/** Values that mostly match a schema. */
function sampleOf(schema: Schema, name: string): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: goodSampleOf(schema, name) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function goodSampleOf(schema: Schema, name: string): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => sampleOf(one, name)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "string":
      return fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(...(FITTING[name] ?? ["report", "0 * * * *"])) },
        fc.constantFrom(...TELLING),
        fc.string({ unit: anyCharacter, maxLength: 300 }),
      );
    case "integer":
      return fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 1_000 }) },
        fc.constantFrom(0, 1, 60_000, 2 ** 31, 1e13, 2 ** 53),
        fc.integer(),
      );
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(sampleOf(schema.items ?? {}, name), { maxLength: 3 });
    case "object": {
      const { properties = {}, required = [] } = schema;
      const fields = Object.fromEntries(Object.entries(properties).map(([field, of]) => [field, sampleOf(of, field)]));
      const good = fc.record(fields, { requiredKeys: [...required] });
      // Nearly valid: without a required field, or with an unknown one.
      const more = fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 });
      const near = [
        fc.record(fields, { requiredKeys: [] }),
        fc.tuple(good, more).map(([fields, unknown]) => ({ ...unknown, ...fields })),
      ];
      return fc.oneof({ weight: 15, arbitrary: good }, ...near);
    }
    default:
      return fc.constant(null);
  }
}

/** An instant to which a job can be skipped. */
const UNTIL = "2026-11-24T05:00:00.000Z";

const textOf = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
const inUrl = (value: unknown) => encodeURIComponent(textOf(value).toWellFormed());
const inHeader = (value: unknown) => textOf(value).replace(/[^\x20-\x7e]/g, "?");

test("is a valid OpenAPI 3.1 document with every route", async () => {
  const { json } = await server.send("GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const checked = new Validator();
  expect(await checked.validate(structuredClone(json))).toEqual({ valid: true });
  expect(checked.version).toBe("3.1");
  // An invalid document would have errors.
  expect(await new Validator().validate({ ...json, paths: { report: {} } })).toMatchObject({ valid: false });
  const operations = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual([
    "GET /",
    "GET /healthcheck",
    "GET /{jobName}",
    "POST /{jobName}",
    "PUT /{jobName}/skip",
    "PUT /{jobName}/{jobId}/abandon",
    "PUT /{jobName}/{jobId}/finish",
    "PUT /{jobName}/{jobId}/interrupt",
    "PUT /{jobName}/{jobId}/renew",
    "PUT /{jobName}/{jobId}/resume",
  ]);
  expect(json.paths["/{jobName}"].post.requestBody.content["application/json"].schema.required).toEqual([
    "jobInterval",
  ]);
});

test("lists the authentication schemes", async () => {
  const guarded = await runServer({ schemes: [basicScheme("octo", "password")] });
  try {
    const authorization = `Basic ${Buffer.from("octo:password").toString("base64")}`;
    const { json } = await guarded.send("GET", "/openapi.json", { headers: { authorization } });
    expect(json.components.securitySchemes).toEqual({ Basic: { type: "http", scheme: "basic" } });
    expect([json.security, json.paths["/healthcheck"].get.security]).toEqual([[{ Basic: [] }], []]);
  } finally {
    await guarded.close();
  }
});

test("every operation describes the answer to headers that are too long", async () => {
  const { paths } = (await server.send("GET", "/openapi.json")).json;
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => [method, path, responses] as const),
  );
  expect(operations).not.toEqual([]);
  for (const [method, path, responses] of operations) {
    const headers = { long: "x".repeat(16 * 1024) };
    const { status, json } = await server.send(method.toUpperCase(), path, { headers, ownConnection: true });
    const schema = responses[status]?.content?.["application/json"]?.schema;
    expect([path, status, schema && [...Compile(schema).Errors(json)]]).toEqual([path, 431, []]);
  }
});

test("every answer to random input matches its description, and none is an internal error", async () => {
  const guarded = await runServer({
    schemes: [basicScheme("octo", "password"), bearerOf("report")],
  });
  const good = `Basic ${Buffer.from("octo:password").toString("base64")}`;
  const { paths } = (await guarded.send("GET", "/openapi.json", { headers: { authorization: good } })).json;
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  /** Active locks, so that a request to end one can succeed. */
  const granted: { readonly jobName: string; readonly jobId: string }[] = [];
  for (let at = 0; at < 700; at++) {
    const { name, id } = (await guarded.start(`/held-${at}`, { jobInterval: 1 }, { authorization: good })).json;
    granted.push({ jobName: name, jobId: id });
  }
  const seen = new Map<string, number>();
  try {
    for (const { path, method, operation } of operations) {
      const parameters = operation.parameters ?? [];
      const body = operation.requestBody?.content["application/json"]?.schema;
      const answers = new Map(
        Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
          Object.entries(content).map(([type, { schema }]) => [`${status} ${type}`, Compile(schema)] as const),
        ),
      );
      const sent = fc.record({
        values: fc.tuple(
          ...parameters.map(({ name, schema }) => fc.option(sampleOf(schema, name), { nil: undefined })),
        ),
        body:
          body === undefined
            ? fc.constant(undefined)
            : fc.oneof({ weight: 20, arbitrary: sampleOf(body, "").map(jsonOf) }, fc.string().map(Buffer.from)),
        known: fc.boolean(),
        authorization: fc.oneof(
          { weight: 6, arbitrary: fc.constant(good) },
          fc.constantFrom("Bearer report", "Basic ADoA", undefined),
        ),
        type: fc.oneof(
          { weight: 20, arbitrary: fc.constant("application/json") },
          fc.constantFrom("text/plain", "a/b; c", undefined),
        ),
        accept: fc.constantFrom(undefined, undefined, "*/*", "text/html", "application/json", "a, b;q"),
      });
      type Sample = Parameters<Parameters<typeof sent.map>[0]>[0];
      const none = parameters.map(() => undefined);
      const valuesFor = (jobName: string) =>
        parameters.map(({ name }) => (name === "jobName" ? jobName : name === "until" ? UNTIL : undefined));
      const permitted: Sample = {
        values: valuesFor("report"),
        body: body === undefined ? undefined : jsonOf({ jobInterval: 1 }),
        known: true,
        authorization: good,
        type: "application/json",
        accept: undefined,
      };
      // One request for each answer. Random requests may lack any of them.
      const examples: Sample[] = [
        permitted,
        { ...permitted, authorization: undefined },
        { ...permitted, authorization: "Bearer report", values: valuesFor("not report") },
        { ...permitted, known: false, values: valuesFor(`unknown to ${operation.operationId}`) },
        { ...permitted, accept: "a, b;q" },
        { ...permitted, values: none, body: body === undefined ? undefined : jsonOf({}) },
      ];
      await fc.assert(
        fc.asyncProperty(sent, async (sample) => {
          const lock = sample.known && path.includes("{jobId}") ? granted.pop() : undefined;
          const given = parameters.map(({ in: place, name }, at) => ({
            place,
            name,
            value: place === "path" && lock !== undefined ? lock[name as keyof typeof lock] : sample.values[at],
          }));
          const target = given
            .filter(({ place }) => place === "path")
            .reduce((url, { name, value }) => url.replace(`{${name}}`, () => inUrl(value) || "report"), path);
          const of = (place: string) => given.filter((one) => one.place === place && one.value !== undefined);
          const query = of("query").map(({ name, value }) => `${name}=${inUrl(value)}`);
          const { authorization, accept, type } = sample;
          const headers = {
            ...Object.fromEntries(of("header").map(({ name, value }) => [name, inHeader(value)])),
            authorization,
            accept,
            "content-type": sample.body && type,
          };
          const { status, json, text, ...answer } = await guarded.send(
            method,
            query.length ? `${target}?${query}` : target,
            {
              headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
              ...(sample.body !== undefined && { body: sample.body }),
            },
          );
          const key = `${operation.operationId} ${status}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          expect(status).toBeLessThan(500);
          expect(Object.keys(operation.responses)).toContain(String(status));
          if (text === "") return expect(operation.responses[status]?.content).toBeUndefined();
          const [mediaType = ""] = answer.headers["content-type"]?.split(";") ?? [];
          const schema = answers.get(`${status} ${mediaType}`);
          expect([
            mediaType,
            [...(schema?.Errors(mediaType === "text/html" ? text : json) ?? ["no such answer"])],
          ]).toEqual([mediaType, []]);
        }),
        { numRuns: operation.operationId === "startJob" ? 500 : 200, examples: examples.map((one) => [one]) },
      );
    }
  } finally {
    await guarded.close();
  }
  // Each route gave each answer: an answer that never came was not checked.
  for (const key of [
    ...["200", "400", "401", "403"].map((status) => `startJob ${status}`),
    ...["finishJob", "interruptJob"].flatMap((end) => ["200", "401", "403", "404"].map((status) => `${end} ${status}`)),
    ...["renewJob", "resumeJob"].flatMap((call) => ["200", "401", "403", "404"].map((status) => `${call} ${status}`)),
    ...["200", "400", "401", "403"].map((status) => `skipJob ${status}`),
    ...["200", "401", "403"].map((status) => `abandonJob ${status}`),
    ...["200", "401", "403", "404"].map((status) => `getJob ${status}`),
    ...["200", "401", "406"].map((status) => `listJobs ${status}`),
    "healthcheck 200",
  ]) {
    expect([key, seen.get(key)]).toEqual([key, expect.any(Number)]);
  }
});

const jsonOf = (value: unknown) => Buffer.from(JSON.stringify(value));

/** The token is the name of the only job that it allows. */
function bearerOf(jobName: string): Scheme {
  return {
    name: "Bearer",
    challenge: "Bearer",
    check: async (token) => ({
      repository: null,
      run: null,
      maySkip: () => false,
      mayUse: (name) => name === jobName && token === jobName,
      mayRequire: () => false,
      hasAnyAccess: true,
    }),
  };
}
