/** `vitrine/cli`: to build a command line on the commands of the tool. */
export { countText, duration } from './base/format.ts'
export { raiseAlarm } from './cli/alarms.ts'
export { type Call, type Command, type Options, withVariables } from './cli/command.ts'
export { COMMANDS } from './cli/commands/index.ts'
export { migrateCommand } from './cli/commands/migrate.ts'
export {
  type Provisioned,
  type ProvisionWish,
  provisionSourceRole,
  provisionTarget,
  type SourceWish,
} from './cli/commands/provision.ts'
export { scheduleCommand, scheduleSettings, stayPublishing } from './cli/commands/schedule.ts'
export { pageAnswering } from './cli/commands/serve.ts'
export { syncCommand, syncIfDue, syncTables } from './cli/commands/sync.ts'
export type { Prepare } from './cli/due-runs.ts'
export type { Settings } from './cli/environment.ts'
export type { Failure } from './cli/failure.ts'
export type { MetabaseSettings } from './cli/metabase-settings.ts'
export { applyAll, clientOf, type MetabaseWish, wantedOf } from './cli/metabase-steps.ts'
export type { PageAnswering } from './cli/page-settings.ts'
export { processIo } from './cli/process-io.ts'
export { type Program, runProgram, type SingleProgram } from './cli/program.ts'
export {
  type Connections,
  type PublishedRun,
  publishNow,
  type SyncAnswer,
  syncAnswer,
  syncText,
} from './cli/publishing.ts'
export type { Serving } from './cli/serving.ts'
export { reading, withWritableTarget, writing } from './cli/sessions.ts'
export { firstPassword, type MetabaseServer, probeMetabase, setUp } from './metabase/metabase-server.ts'

/** Loaded when it is called: the page is a large part of the tool. */
export const servePage: typeof import('./cli/serving.ts').servePage = async (...given) =>
  (await import('./cli/serving.ts')).servePage(...given)
