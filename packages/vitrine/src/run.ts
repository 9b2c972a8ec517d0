/** `vitrine/run`: to run, migrate and provision from a program of one's own. */
export { applyProvision, planProvision } from './access/provision.ts'
export { type Clock, localDay, systemClock } from './base/clock.ts'
export { type ExitName, VitrineError } from './base/errors.ts'
export { Secret } from './base/secret.ts'
export { type MigrationPlan, planFor } from './migration/plan.ts'
export { type Address, addressUrl, parseAddress, printable } from './postgres/address.ts'
export { connect, type Session } from './postgres/connect.ts'
export { migrate } from './run/migrate.ts'
export type { SyncReport } from './run/observer.ts'
export type { SyncRequest, SyncWish } from './run/request.ts'
export { type RollbackReport, rollback } from './run/rollback.ts'
export { sync } from './run/sync.ts'
export { preparationAlarm } from './schedule/alarms/alarm.ts'
export { dueAround, nextDue } from './schedule/due.ts'

/** Loaded when it is called: few programs read a file. */
export const importHistory: typeof import('./history/history-import.ts').importHistory = async (...given) =>
  (await import('./history/history-import.ts')).importHistory(...given)
