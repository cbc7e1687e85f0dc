// Serves the repositories under a folder, in a process of its own: what it takes of a processor isn't in the way of the
// one that is measured. Answers each message with the exchanges since the last one.
import { serveGit } from "../testing/git/git-server.mjs";

const { url, exchanges } = await serveGit({ root: process.argv[2] ?? "", token: process.argv[3] ?? "" });
process.on("message", () => process.send?.(exchanges.splice(0)));
process.on("disconnect", () => process.exit());
process.send?.(url(""));
