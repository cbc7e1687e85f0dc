/**
 * Runs a step of the release. A problem ends the process with 1, and is shown on GitHub as an error of the run.
 *
 * @param {() => void | Promise<void>} step
 */
export async function runReleaseStep(step) {
  try {
    await step();
  } catch (error) {
    const message = error instanceof Error ? error.message.trim() : String(error);
    // A workflow command ends with its line.
    console.log(`::error::${message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}`);
    process.exitCode = 1;
  }
}
