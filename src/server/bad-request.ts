/** Invalid input. It is refused before the store is read or written. */
export class BadRequest extends Error {
  override name = "BadRequest";
  readonly statusCode = 400;
  /** The caller's name for the invalid field. Unlike the message it holds no input, so it may be logged. */
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}

/** Input that the caller's credentials do not allow. Access control cannot see it, since it is in the body. */
export class Forbidden extends Error {
  override name = "Forbidden";
  readonly statusCode = 403;
  /** The caller's name for the forbidden field. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

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

/**
 * @param part The part of the request that was validated: `body`, `headers`, `params` or `querystring`.
 * @returns an error that names the field, its value, and the values that it takes.
 */
export function badInput(errors: readonly SchemaError[], part: string): BadRequest {
  const error = mostSpecific(errors);
  if (error === undefined) return new BadRequest(part, `The ${part} is invalid`);
  const { keyword, instancePath, params, data, parentSchema } = error;
  const at = instancePath.split("/").slice(1).map(unescapePointer);
  const name = (...more: string[]) => fieldName(part, [...at, ...more]);

  if (keyword === "additionalProperties") {
    const field = name(String(params.additionalProperty));
    const known = Object.keys(parentSchema?.properties ?? {}).join(", ");
    // The unknown name is the caller's text, so it must not become the logged field.
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

/** The deepest error: of several alternatives, the one that matched the most. If none matched, the error of them all. */
function mostSpecific(errors: readonly SchemaError[]): SchemaError | undefined {
  const depth = ({ instancePath, keyword }: SchemaError) =>
    instancePath.split("/").length + (keyword === "additionalProperties" ? 1 : 0);
  const deepest = Math.max(...errors.map(depth));
  const candidates = errors.filter((error) => depth(error) === deepest);
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

/** RFC 6901 §4. */
function unescapePointer(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** A value as a message shows it: as JSON, shortened. */
export function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(pruned(value, 4)) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** JSON.stringify is recursive, and a body of 64 KiB can be nested deeply enough to overflow its stack. */
function pruned(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.map((item) => pruned(item, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pruned(field, depth - 1)]));
}
