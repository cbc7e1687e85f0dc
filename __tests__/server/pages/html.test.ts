import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { html } from "../../../src/server/pages/html.ts";
import { holderElement, nameElement, queryLink, webUrl } from "../../../src/server/pages/links.ts";
import { anyCharacter } from "../../../testing/generators/characters.ts";

test("values that are not HTML are escaped, in lists too", () => {
  const part = html`<b>${"<&>"}</b>`;
  expect(html`<p title="${`"'`}">${part}${[part, "<"]}${null}${0}</p>`.text).toBe(
    '<p title="&#34;&#39;"><b>&#60;&#38;&#62;</b><b>&#60;&#38;&#62;</b>&#60;0</p>',
  );
});

test("no text ends the attribute that it is in", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const [, inside] = /^<a title="(.*)">/s.exec(html`<a title="${text}">`.text) ?? [];
      expect(inside).toBeDefined();
      expect(inside).not.toMatch(/[<>"']/);
    }),
  );
});

test("control characters in a name are shown as escapes, and do not reorder other text", () => {
  expect(nameElement("a\u202eb\u2066\0\n<x>").text).toBe("<bdi>a\\u{202e}b\\u{2066}\\u{0}\\u{a}&#60;x&#62;</bdi>");
});

test.each([
  ["https://github.com/octo-org/reports/actions/runs/7", "https://github.com/octo-org/reports/actions/runs/7"],
  ["http://ci.internal/7", "http://ci.internal/7"],
  ['https://x/"><script>', "https://x/%22%3E%3Cscript%3E"],
  ["javascript:alert(1)", null],
  [" javascript:alert(1)", null],
  ["JaVaScRiPt:alert(1)", null],
  ["data:text/html,<script>alert(1)</script>", null],
  ["//evil.example", null],
  ["/path", null],
  ["", null],
  [null, null],
])("%j links to %j", (text, url) => {
  expect(webUrl(text)).toBe(url);
});

test("a holder is shown with its own description, and linked if its run has an http or https URL", () => {
  const runUrl = "https://github.com/octo-org/reports/actions/runs/7";
  expect(holderElement({ repository: "octo-org/reports", runId: "7", runUrl }).text).toBe(
    `<a href="${runUrl}" rel="noopener noreferrer"><bdi>octo-org/reports, run 7</bdi></a>`,
  );
  expect(holderElement({ job: "<i>", runUrl: "javascript:alert(1)" }).text).toBe("<bdi>job &#60;i&#62;</bdi>");
  expect(holderElement(null).text).toBe("<bdi>an unnamed run</bdi>");
});

test("a link keeps any name, and leaves out empty parameters", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (name) => {
      expect(new URL(queryLink({ name, page: "" }), "https://host/path").searchParams.get("name") ?? "").toBe(name);
    }),
  );
  expect(queryLink({ search: "" })).toBe("?");
});
