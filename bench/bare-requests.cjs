// The least that a start over HTTP needs of Node: crypto, zlib and three requests on one connection. It sends them to the
// repository of the input `url`, as the action does, and checks nothing.
const http = require("node:http");
require("node:crypto");
require("node:zlib");

const url = new URL(`${process.env.INPUT_URL?.slice("git+".length)}/git-upload-pack`);
const agent = new http.Agent({ keepAlive: true });
const headers = {
  authorization: `Basic ${Buffer.from(`x-access-token:${process.env.INPUT_TOKEN}`).toString("base64")}`,
  "content-type": "application/x-git-upload-pack-request",
  "git-protocol": "version=2",
};
const body = "0014command=ls-refs\n00010000";

send(3);

/** @param {number} left */
function send(left) {
  if (left === 0) return process.stdout.write("Sent\n", () => process.exit());
  const request = http.request(url, { method: "POST", agent, headers }, (answer) => {
    answer.resume();
    answer.on("end", () => send(left - 1));
  });
  request.end(body);
}
