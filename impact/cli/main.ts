#!/usr/bin/env node
/** Entry file of the process `impact`. */
import { onRecentNode } from './node-version.ts'

await onRecentNode(async () => {
  const [{ processIo, runProgram }, { impact }] = await Promise.all([import('vitrine/cli'), import('./impact.ts')])
  process.exitCode = await runProgram(impact, process.argv.slice(2), processIo())
})
