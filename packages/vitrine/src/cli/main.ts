#!/usr/bin/env node
/** The process `vitrine`: what it is given, and the exit status that it ends with. */
import { processIo } from './process-io.ts'
import { runProgram } from './program.ts'
import { vitrine } from './vitrine.ts'

process.exitCode = await runProgram(vitrine, process.argv.slice(2), processIo())
