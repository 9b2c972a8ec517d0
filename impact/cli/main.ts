#!/usr/bin/env node
/** The process `impact`: what it is given, and the exit status that it ends with. */
import { processIo, runProgram } from 'vitrine/cli'
import { impact } from './impact.ts'

process.exitCode = await runProgram(impact, process.argv.slice(2), processIo())
