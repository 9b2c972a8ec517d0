/**
 * Invents the past days of `metabase_stats` for a demonstration, as the file that `history import` reads. They are computed from the
 * published rows, so that the curves end at today's figures. Called by `start` and by tests, after a first run.
 */
import { join } from 'node:path'
import { databaseFolder, readSql } from './sql-file.ts'

interface Asking {
  query<Row extends object>(sql: string): Promise<readonly Row[]>
}

/** Returns CSV with a header. `session` must be able to read the published schema. */
export async function historique(session: Asking): Promise<string> {
  const jours = await session.query<Record<string, unknown>>(
    readSql(join(databaseFolder(), 'sample', 'historique.sql')),
  )
  const lignes = [Object.keys(jours[0] ?? {}), ...jours.map((jour) => Object.values(jour))]
  return lignes.map((ligne) => `${ligne.join()}\n`).join('')
}
