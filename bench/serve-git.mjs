// Serves the repositories under a folder, in a process of its own, so that its work does not delay the measured process.
// Answers each message with the exchanges since the message before.
import { serveGit } from "../testing/git/git-server.mjs";

const { url, exchanges } = await serveGit({ root: process.argv[2] ?? "", token: process.argv[3] ?? "" });
process.on("message", () => process.send?.(exchanges.splice(0)));
process.on("disconnect", () => process.exit());
process.send?.(url(""));
