/** The command line behind `npm start`, as a value. Started by `start.ts`; tests run it in-process. */
import type { SingleProgram } from 'vitrine/cli'
import publication from '../../publication/index.ts'
import { explain } from '../failures.ts'
import { names } from '../impact.ts'
import { startCommand } from './command.ts'

export const startProgram: SingleProgram = Object.freeze({
  name: 'npm start',
  command: startCommand,
  publication,
  explain,
  names,
})
