/** Runs Impact's command lines in-process, with what they write kept. */
import { type Program, runProgram, type SingleProgram } from 'vitrine/cli'
import { capture, type Outcome, type Setting } from '../../../packages/vitrine/test/cli/captured-io.ts'

/** `line` is split at blanks. */
export const run = (program: Program | SingleProgram, line: string, setting: Setting = {}): Promise<Outcome> =>
  capture((argv, io) => runProgram(program, argv, io), line, setting)
