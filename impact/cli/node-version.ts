/**
 * Refuses an old Node before it meets a file that it cannot read. Called by the entry files, which load everything else
 * afterwards; so it imports nothing.
 */

/** Does the work, or says in one line why not. */
export async function onRecentNode(work: () => Promise<void>): Promise<void> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return work()
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20.19 or later.\n`)
  process.exitCode = 2
}
