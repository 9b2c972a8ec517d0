/** All commands of the tool in the order of its help. */
import type { Command } from '../command.ts'
import { checkCommand } from './check.ts'
import { dictionaryCommand } from './dictionary.ts'
import { doctorCommand } from './doctor.ts'
import { dropCommand } from './drop.ts'
import { eraseCommand } from './erase.ts'
import { followCommand } from './follow.ts'
import { historyCommand } from './history.ts'
import { metabaseCommand } from './metabase.ts'
import { migrateCommand } from './migrate.ts'
import { planCommand } from './plan.ts'
import { provisionCommand } from './provision.ts'
import { rebuildCommand } from './rebuild.ts'
import { rollbackCommand } from './rollback.ts'
import { runsCommand } from './runs.ts'
import { scheduleCommand } from './schedule.ts'
import { serveCommand } from './serve.ts'
import { statusCommand } from './status.ts'
import { syncCommand } from './sync.ts'
import { traceCommand } from './trace.ts'
import { urlCommand } from './url.ts'

export const COMMANDS: readonly Command[] = Object.freeze([
  checkCommand,
  dictionaryCommand,
  planCommand,
  migrateCommand,
  provisionCommand,
  syncCommand,
  scheduleCommand,
  followCommand,
  serveCommand,
  statusCommand,
  runsCommand,
  rollbackCommand,
  doctorCommand,
  metabaseCommand,
  urlCommand,
  historyCommand,
  traceCommand,
  eraseCommand,
  dropCommand,
  rebuildCommand,
])
