/**
 * Refuses an old Node before it loads a file that it cannot parse. Called first by the entry files; therefore it imports
 * nothing.
 */

/** Runs `work`, or prints in one line why it cannot. */
export async function onRecentNode(work: () => Promise<void>): Promise<void> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return work()
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20.19 or later.\n`)
  process.exitCode = 2
}
