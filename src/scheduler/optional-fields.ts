/** @returns the result of `read` for a value that is given. Undefined for one that is left out. */
export function ifGiven<Value, Result>(value: Value | undefined, read: (value: Value) => Result): Result | undefined {
  return value === undefined ? undefined : read(value);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** @returns the fields that are given. */
export function withoutUndefined<T extends object>(fields: T): Defined<T> {
  const given: Record<string, unknown> = {};
  for (const field in fields) if (fields[field] !== undefined) given[field] = fields[field];
  return given as Defined<T>;
}
