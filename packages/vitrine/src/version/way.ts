/**
 * Which of two ways versions are switched: by renaming schemas, which locks no table, or, where the writer may not create
 * schemas in the database, by moving tables between schemas made beforehand. Asked anew for each step, because an
 * administrator may give or take the right at any time; the switch keeps to the way that its plan was made for.
 */
import type { Session } from '../postgres/connect.ts'
import type { SwitchWay } from '../record/outcome.ts'

/** PostgreSQL asks the right to create schemas in the database for renaming one, too. */
export async function switchWayOf(target: Session): Promise<SwitchWay> {
  const [row] = await target.query<{ creates: boolean }>(
    "select has_database_privilege(current_user, current_database(), 'CREATE') as creates",
  )
  return row?.creates === true ? 'rename' : 'move'
}
