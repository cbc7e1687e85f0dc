import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Compile } from "typebox/compile";
import { basicScheme } from "../../src/server/basic.ts";
import { type RunningServer, runServer } from "./running-server.ts";

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
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
  "",
  " ",
  "a",
  "0 * * * *",
  "* * * * * *",
  "0 0 29 2 1",
  "@daily",
  "UTC",
  "Asia/Tokyo",
  "true",
  "2026-11-24T00:00:00Z",
  "\0",
  "\ud800",
  "__proto__",
];

/** Values of a schema, mostly; and now and then of none. */
function sampleOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: goodSampleOf(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function goodSampleOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(sampleOf));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "string":
      return fc.oneof(fc.constantFrom(...TELLING), fc.string({ unit: "binary", maxLength: 300 }));
    case "integer":
      return fc.oneof(fc.constantFrom(0, 1, 60_000, 2 ** 31, 1e13, 2 ** 53), fc.integer({ min: 0 }));
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(sampleOf(schema.items ?? {}), { maxLength: 5 });
    case "object": {
      const { properties = {}, required = [] } = schema;
      const fields = Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, sampleOf(of)]));
      return fc.record(fields, { requiredKeys: [...required] });
    }
    default:
      return fc.constant(null);
  }
}

const textOf = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
const inUrl = (value: unknown) => encodeURIComponent(textOf(value).toWellFormed());
const inHeader = (value: unknown) => textOf(value).replace(/[^\x20-\x7e]/g, "?");

test("says 3.1, and every route", async () => {
  const { json } = await server.send("GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const operations = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual([
    "GET /",
    "GET /healthcheck",
    "GET /{jobName}",
    "POST /{jobName}",
    "PUT /{jobName}/{jobId}/abandon",
    "PUT /{jobName}/{jobId}/finish",
    "PUT /{jobName}/{jobId}/interrupt",
  ]);
  expect(json.paths["/{jobName}"].post.requestBody.content["application/json"].schema.required).toEqual([
    "jobInterval",
  ]);
});

test("says how to log in, where that is needed", async () => {
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

test("whatever is sent, the answer is one that it tells of, and no fault of the server's", async () => {
  const { paths } = (await server.send("GET", "/openapi.json")).json;
  const operations = Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const statuses = new Map<number, number>();
  for (const { path, method, operation } of operations) {
    const parameters = operation.parameters ?? [];
    const body = operation.requestBody?.content["application/json"]?.schema;
    const answers = new Map(
      Object.entries(operation.responses).flatMap(([status, { content }]) => {
        const schema = content?.["application/json"]?.schema;
        return schema === undefined ? [] : [[Number(status), Compile(schema)] as const];
      }),
    );
    const sent = fc.record({
      values: fc.tuple(...parameters.map(({ schema }) => fc.option(sampleOf(schema), { nil: undefined }))),
      body: body === undefined ? fc.constant(undefined) : sampleOf(body),
    });
    await fc.assert(
      fc.asyncProperty(sent, async (sample) => {
        const given = parameters.map(({ in: place, name }, at) => ({ place, name, value: sample.values[at] }));
        const target = given
          .filter(({ place }) => place === "path")
          .reduce((url, { name, value }) => url.replace(`{${name}}`, () => inUrl(value) || "report"), path);
        const of = (place: string) => given.filter((one) => one.place === place && one.value !== undefined);
        const query = of("query").map(({ name, value }) => `${name}=${inUrl(value)}`);
        const headers = Object.fromEntries(of("header").map(({ name, value }) => [name, inHeader(value)]));
        const { status, json } = await server.send(method, query.length ? `${target}?${query}` : target, {
          headers: { ...headers, ...(body && { "content-type": "application/json" }) },
          ...(body && { body: JSON.stringify(sample.body) }),
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status).toBeLessThan(500);
        if (answers.has(status)) expect([...(answers.get(status)?.Errors(json) ?? [])]).toEqual([]);
        else expect(Object.keys(operation.responses)).toContain(String(status));
      }),
      { numRuns: operation.operationId === "startJob" ? 1500 : 150 },
    );
  }
  expect([statuses.get(200), statuses.get(400), statuses.get(404)]).toEqual(Array(3).fill(expect.any(Number)));
});
