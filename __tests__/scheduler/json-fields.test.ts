import { expect, test } from "@jest/globals";
import { JsonFieldError, JsonObject } from "../../src/scheduler/json-fields.ts";

const DOCUMENT = JsonObject.of(
  {
    name: "report",
    empty: "",
    none: null,
    at: "2026-03-04T10:00:00Z",
    lock: { id: 1 },
    runs: [{ id: "a" }, { id: 2 }],
  },
  "the document",
);

test("fields of the expected kind are read", () => {
  expect(DOCUMENT.text("name")).toBe("report");
  expect(DOCUMENT.instant("at")).toBe(Date.parse("2026-03-04T10:00:00Z"));
  expect(DOCUMENT.instantOrNull("none")).toBeNull();
  expect(DOCUMENT.objects("runs").map(({ fields }) => fields.id)).toEqual(["a", 2]);
});

test.each<[read: () => unknown, path: string, message: string]>([
  [() => DOCUMENT.text("nothing"), "nothing", "nothing is missing, not a non-empty string"],
  [() => DOCUMENT.text("empty"), "empty", 'empty is "", not a non-empty string'],
  [() => DOCUMENT.instant("none"), "none", "none is null, not an instant such as 2026-11-24T00:29:32.532Z"],
  [() => DOCUMENT.instantOrNull("name"), "name", 'name is "report", not an instant such as 2026-11-24T00:29:32.532Z'],
  [() => DOCUMENT.object("none"), "none", "none is null, not an object"],
  [() => DOCUMENT.object("lock").text("id"), "lock.id", "lock.id is 1, not a non-empty string"],
  [() => DOCUMENT.objects("lock"), "lock", 'lock is {"id":1}, not a list'],
  [() => DOCUMENT.objects("runs")[1]?.text("id"), "runs[1].id", "runs[1].id is 2, not a non-empty string"],
  [() => JsonObject.of([], "the document"), "the document", "the document is [], not an object"],
])("%s: a field of another kind is an error with the path %j", (read, path, message) => {
  const error = errorOf(read);
  expect(error).toBeInstanceOf(JsonFieldError);
  expect(error).toMatchObject({ path, message });
});

function errorOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}
