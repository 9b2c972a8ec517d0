#!/usr/bin/env node
/**
 * The command `vitrine`. An old Node is refused before it meets a file that it cannot read: everything else is loaded after
 * the check.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 20 || (major === 20 && minor >= 19)) {
  const { start } = await import('./vitrine.ts')
  await start()
} else {
  process.stderr.write(`Node ${process.versions.node} is too old: install Node 20.19 or later.\n`)
  process.exitCode = 2
}
