/** `vitrine/cli`: to build a command line on the commands of the tool. */
export { type AlarmSettings, raiseAlarm } from './cli/alarms.ts'
export { type Call, type Command, type CommandWords, defineCommand } from './cli/command.ts'
export { defineCommands, type Words } from './cli/commands/index.ts'
export { type MigrateWords, migrate } from './cli/commands/migrate.ts'
export { type ScheduleWords, scheduleSettings, stayPublishing, WISH } from './cli/commands/schedule.ts'
export {
  type Prepare,
  type Published,
  publishUnless,
  type SyncAnswer,
  type SyncWords,
  sync,
  syncAnswer,
  syncIfDue,
  syncText,
  tellPublished,
} from './cli/commands/sync.ts'
export type { PublishUnless } from './cli/due-runs.ts'
export type { Settings } from './cli/environment.ts'
export { type Failure, failureOf } from './cli/failure.ts'
export { count, duration, type Language } from './cli/language.ts'
export { processIo } from './cli/process-io.ts'
export { type Program, runProgram, type SingleProgram } from './cli/program.ts'
export { withSession, withWritableTarget } from './cli/sessions.ts'
