/** All commands of the tool in the order of its help, from their words. Called by `main.ts` and by systems built on the tool. */
import type { Command } from '../command.ts'
import { type CheckWords, checkEnglish, defineCheck } from './check.ts'
import { type DoctorWords, defineDoctor, doctorEnglish } from './doctor.ts'
import { type DropWords, defineDrop, dropEnglish } from './drop.ts'
import { defineHistory, type HistoryWords, historyEnglish } from './history.ts'
import { defineMigrate, type MigrateWords, migrateEnglish } from './migrate.ts'
import { definePlan, type PlanWords, planEnglish } from './plan.ts'
import { defineProvision, type ProvisionWords, provisionEnglish } from './provision.ts'
import { defineRebuild, type RebuildWords, rebuildEnglish } from './rebuild.ts'
import { defineRollback, type RollbackWords, rollbackEnglish } from './rollback.ts'
import { defineRuns, type RunsWords, runsEnglish } from './runs.ts'
import { defineSchedule, type ScheduleWords, scheduleEnglish } from './schedule.ts'
import { defineStatus, type StatusWords, statusEnglish } from './status.ts'
import { defineSync, type SyncWords, syncEnglish } from './sync.ts'

/** The words of every command. */
export interface Words {
  readonly check: CheckWords
  readonly plan: PlanWords
  readonly migrate: MigrateWords
  readonly provision: ProvisionWords
  readonly sync: SyncWords
  readonly schedule: ScheduleWords
  readonly status: StatusWords
  readonly runs: RunsWords
  readonly rollback: RollbackWords
  readonly doctor: DoctorWords
  readonly history: HistoryWords
  readonly drop: DropWords
  readonly rebuild: RebuildWords
}

export const englishWords: Words = Object.freeze({
  check: checkEnglish,
  plan: planEnglish,
  migrate: migrateEnglish,
  provision: provisionEnglish,
  sync: syncEnglish,
  schedule: scheduleEnglish,
  status: statusEnglish,
  runs: runsEnglish,
  rollback: rollbackEnglish,
  doctor: doctorEnglish,
  history: historyEnglish,
  drop: dropEnglish,
  rebuild: rebuildEnglish,
})

export const defineCommands = (words: Words): Readonly<Record<keyof Words, Command>> =>
  Object.freeze({
    check: defineCheck(words.check),
    plan: definePlan(words.plan),
    migrate: defineMigrate(words.migrate),
    provision: defineProvision(words.provision),
    sync: defineSync(words.sync),
    schedule: defineSchedule(words.schedule, words.sync),
    status: defineStatus(words.status),
    runs: defineRuns(words.runs, words.status, words.sync),
    rollback: defineRollback(words.rollback, words.sync),
    doctor: defineDoctor(words.doctor),
    history: defineHistory(words.history),
    drop: defineDrop(words.drop),
    rebuild: defineRebuild(words.rebuild, words.provision, words.sync),
  })
