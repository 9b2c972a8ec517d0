/**
 * The history of a demonstration: the days that `metabase_stats` would have recorded, as the file that `history import`
 * takes. They are invented from what is published, so that they meet it. Called by `start` and by tests, after a first run.
 */
import { join } from 'node:path'
import { databaseFolder, readSql } from './sql-file.ts'

interface Asking {
  query<Row extends object>(sql: string): Promise<readonly Row[]>
}

/** CSV with a header. The session reads the published schema. */
export async function historique(session: Asking): Promise<string> {
  const jours = await session.query<Record<string, unknown>>(
    readSql(join(databaseFolder(), 'sample', 'historique.sql')),
  )
  const lignes = [Object.keys(jours[0] ?? {}), ...jours.map((jour) => Object.values(jour))]
  return lignes.map((ligne) => `${ligne.join()}\n`).join('')
}
