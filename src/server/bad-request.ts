/** Input that can't be: refused before anything is read or written. */
export class BadRequest extends Error {
  override name = "BadRequest";
  readonly statusCode = 400;
  /** What is wrong, as the caller calls it. Unlike the message it holds nothing that the caller sent. */
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}

/** What the caller's credentials don't allow, as only the body tells. */
export class Forbidden extends Error {
  override name = "Forbidden";
  readonly statusCode = 403;
  /** What it is about, as the caller calls it. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** What a schema's check found, as Ajv tells it with `verbose`: https://ajv.js.org/api.html#error-objects. */
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

/**
 * @param part Which part of the request was checked: `body`, `headers`, `params` or `querystring`.
 * @returns the refusal: which field, what it was, what it takes.
 */
export function badInput(faults: readonly SchemaError[], part: string): BadRequest {
  const fault = mostTelling(faults);
  if (fault === undefined) return new BadRequest(part, `The ${part} can't be used`);
  const { keyword, instancePath, params, data, parentSchema } = fault;
  const at = instancePath.split("/").slice(1).map(unescaped);
  const name = (...more: string[]) => fieldName(part, [...at, ...more]);

  if (keyword === "additionalProperties") {
    const field = name(String(params.additionalProperty));
    const known = Object.keys(parentSchema?.properties ?? {}).join(", ");
    // The name is the caller's own text.
    return new BadRequest(
      at.length === 0 ? `an unknown field of the ${part}` : name(),
      `${shown(field)} is unknown: give ${known} only`,
    );
  }
  if (keyword === "required") {
    const missing = String(params.missingProperty);
    return new BadRequest(
      name(missing),
      `${name(missing)} is missing: it takes ${parentSchema?.properties?.[missing]?.description ?? "a value"}`,
    );
  }
  return new BadRequest(
    name(),
    `${name()} is ${shown(data)}: it takes ${parentSchema?.description ?? "another value"}`,
  );
}

/** Of several alternatives, the one that got furthest; where none got anywhere, what is said of them all. */
function mostTelling(faults: readonly SchemaError[]): SchemaError | undefined {
  const depth = ({ instancePath, keyword }: SchemaError) =>
    instancePath.split("/").length + (keyword === "additionalProperties" ? 1 : 0);
  const deepest = Math.max(...faults.map(depth));
  const candidates = faults.filter((fault) => depth(fault) === deepest);
  return candidates.find(({ keyword }) => keyword === "anyOf") ?? candidates[0];
}

function fieldName(part: string, path: readonly string[]): string {
  if (path.length === 0) return `The ${part}`;
  const name = path.map((step, at) => (/^\d+$/.test(step) ? `[${step}]` : at === 0 ? step : `.${step}`)).join("");
  return part === "headers" ? (HEADER_NAMES[name] ?? name) : name;
}

const HEADER_NAMES: Readonly<Record<string, string>> = {
  "idempotency-key": "Idempotency-Key",
  "cronyx-holder": "Cronyx-Holder",
};

/** A step of a JSON pointer: RFC 6901 §4. */
function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

export function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(pruned(value, 4)) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** A body of 64 KiB can be nested deeper than the stack goes that JSON.stringify has. */
function pruned(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pruned(field, depth - 1)]));
}
