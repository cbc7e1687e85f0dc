#!/usr/bin/env node
// Stands in for GitHub's command line tool, which the machine may not have and which speaks only TLS: the commands that the
// examples use, with their flags, and no others.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { GITHUB_API_URL: api, GH_REPO: repository, GH_TOKEN: token } = process.env;
if (!api || !repository || !token) throw new Error("GITHUB_API_URL, GH_REPO or GH_TOKEN is missing");

const text = /** @type {const} */ ({ type: "string" });
const [group = "", verb = "", ...args] = process.argv.slice(2);
switch (`${group} ${verb}`) {
  case "issue list": {
    const { values } = parse({ state: text, label: text, json: text, jq: text });
    const issues = await send("GET", `issues?state=${values.state}&labels=${values.label}`);
    if (values.jq !== ".[0].number // empty") throw new Error(`${values.jq} is not the filter of this stand-in`);
    if (issues.length > 0) console.log(issues[0].number);
    break;
  }
  case "issue create": {
    const { values } = parse({ title: text, label: text, "body-file": text });
    await send("POST", "issues", { title: values.title, labels: [values.label], body: bodyOf(values) });
    break;
  }
  case "issue edit": {
    const { values, positionals } = parse({ "body-file": text });
    await send("PATCH", `issues/${positionals[0]}`, { body: bodyOf(values) });
    break;
  }
  case "issue close": {
    const { values, positionals } = parse({ comment: text });
    await send("POST", `issues/${positionals[0]}/comments`, { body: values.comment });
    await send("PATCH", `issues/${positionals[0]}`, { state: "closed" });
    break;
  }
  case "label create": {
    const { positionals } = parse({ force: { type: "boolean" } });
    await send("POST", "labels", { name: positionals[0] });
    break;
  }
  case "workflow run": {
    const { values, positionals } = parse({ ref: text, field: { type: "string", short: "f", multiple: true } });
    const inputs = Object.fromEntries((values.field ?? []).map((field) => field.split(/=(.*)/s).slice(0, 2)));
    await send("POST", `actions/workflows/${positionals[0]}/dispatches`, { ref: values.ref, inputs });
    break;
  }
  default:
    throw new Error(`${group} ${verb} is not a command of this stand-in`);
}

/** @template {import("node:util").ParseArgsOptionsConfig} Options @param {Options} options */
function parse(options) {
  return parseArgs({ args, options, allowPositionals: true });
}

/** @param {{ "body-file"?: string | undefined }} values */
function bodyOf(values) {
  return readFileSync(values["body-file"] ?? "", "utf8");
}

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} the answer. */
async function send(method, path, body) {
  const answer = await fetch(`${api}/repos/${repository}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}
