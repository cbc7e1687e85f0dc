import { ArgumentError } from "../errors/argument-error.ts";
import { shownValue } from "../errors/shown-value.ts";
import { StartBody, StartQuery } from "./schemas/requests.ts";

/** An error of Ajv with the option `verbose`: https://ajv.js.org/api.html#error-objects. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: {
    readonly description?: string;
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
  };
}

/** A body with a content coding, RFC 9110 §8.4: it is never decoded, since it could be of any length then. */
export class EncodedBodyError extends ArgumentError {
  constructor(encoding: string) {
    super("not-allowed", {
      field: "Content-Encoding",
      value: encoding,
      problem: "is not supported",
      expected: "no Content-Encoding, and send the body as it is",
    });
  }
}

/**
 * @param part The part of the request that was validated: `body`, `headers`, `params`, `querystring`, or the header
 *   `Cronyx-Holder`.
 * @returns an error that names the field, its value, and the values that are allowed.
 */
export function badInput(errors: readonly SchemaError[], part: string): ArgumentError {
  const error = mostSpecific(errors);
  if (error === undefined) {
    return new ArgumentError("wrong-type", { field: fieldName(part, []), problem: "is not allowed" });
  }
  const { keyword, instancePath, params, data, parentSchema } = error;
  const at = instancePath.split("/").slice(1).map(unescapePointer);
  const field = fieldName(part, at);

  if (keyword === "additionalProperties") {
    const unknown = String(params.additionalProperty);
    const knownFields = Object.keys(parentSchema?.properties ?? {});
    const accepted = knownFields.length === 0 ? "none" : `${knownFields.join(", ")} only`;
    return new ArgumentError("unknown-name", {
      // Not the unknown name: it is the caller's text, which the log must not show.
      field,
      problem: `contains the unknown field ${shownValue(unknown)}`,
      expected: at.length === 0 ? (otherPart(part, unknown) ?? accepted) : accepted,
    });
  }
  if (keyword === "required") {
    const missing = String(params.missingProperty);
    return new ArgumentError("missing", {
      field: fieldName(part, [...at, missing]),
      problem: "is missing",
      expected: parentSchema?.properties?.[missing]?.description ?? "a value",
    });
  }
  return new ArgumentError("wrong-type", {
    field,
    value: data,
    problem: "is not allowed",
    expected: parentSchema?.description ?? "another value",
  });
}

/** @returns where a start takes a field that was sent in the wrong part of its request, or null. */
function otherPart(part: string, field: string): string | null {
  if (part === "body" && Object.hasOwn(StartQuery.properties, field)) return `it in the query, as ?${field}=`;
  return part === "querystring" && Object.hasOwn(StartBody.properties, field) ? "it in the body of a start" : null;
}

/**
 * @returns the error at the deepest field: of several alternatives, the alternative that matches the most. If all match
 *   equally, the error that names all alternatives.
 */
function mostSpecific(errors: readonly SchemaError[]): SchemaError | undefined {
  const depth = ({ instancePath, keyword }: SchemaError) =>
    instancePath.split("/").length + (keyword === "additionalProperties" ? 1 : 0);
  const deepest = Math.max(...errors.map(depth));
  const candidates = errors.filter((error) => depth(error) === deepest);
  return candidates.find(({ keyword }) => keyword === "anyOf") ?? candidates[0];
}

function fieldName(part: string, path: readonly string[]): string {
  const name = path.map((step, at) => (/^\d+$/.test(step) ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
  switch (part) {
    case "Cronyx-Holder":
      return name === "" ? part : `${part}.${name}`;
    case "headers":
      return HEADER_NAMES[name] ?? name;
    case "querystring":
      return name === "" ? "The query" : name;
    default:
      return name === "" ? `The ${part}` : name;
  }
}

const HEADER_NAMES: Readonly<Record<string, string>> = {
  "idempotency-key": "Idempotency-Key",
  "cronyx-holder": "Cronyx-Holder",
};

/** RFC 6901 §4. */
function unescapePointer(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}
