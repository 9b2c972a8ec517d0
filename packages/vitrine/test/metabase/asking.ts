/** A question that is asked of the stand-in: the SQL that Metabase makes of it, run as the reader on the published database. */
import type { Entity } from './answers.ts'
import { type Column, mbqlToSql } from './mbql.ts'
import { type Asked, one, Refusal, type Work } from './routes.ts'
import { connected, type Details } from './synced.ts'

export const list = (value: unknown): Entity[] => (value ?? []) as Entity[] // sound because only lists of objects are kept there.
export const object = (value: unknown): Entity => (value ?? {}) as Entity // sound because only objects are kept there.

const quoted = (name: string, sign: string) => `${sign}${name.replaceAll(sign, sign + sign)}${sign}`

function columnsOf(work: Work): ReadonlyMap<unknown, Column & { readonly target: unknown }> {
  const tables = [...work.standIn.tables.values()].flat()
  const columns = tables.flatMap((table) =>
    list(table['fields']).map((field) => {
      const [schema, name, column, type] = [table['schema'], table['name'], field['name'], field['database_type']]
      const facts = { schema: String(schema), table: String(name), column: String(column), type: String(type) }
      return [field['id'], { ...facts, target: field['fk_target_field_id'] }] as const
    }),
  )
  return new Map(columns)
}

const rangeOf = (value: unknown) => String(value).split('~')

/** What Metabase sends to the database: a field filter becomes a condition on the column, by its table's own name. */
function filled(work: Work, native: Entity, parameters: readonly Entity[]): string {
  const columns = columnsOf(work)
  const conditions = new Map<string, string>()
  for (const [name, tag] of Object.entries(object(native['template-tags']))) {
    const given = parameters.find((parameter) => JSON.stringify(parameter['target']).includes(`"${name}"`))
    const [, id] = list(object(tag)['dimension']) as unknown as [string, number]
    const found = columns.get(id)
    if (found === undefined) throw new Refusal(400, 'Could not find the column of a filter')
    if (given === undefined) continue
    const column = [found.schema, found.table, found.column].map((part) => quoted(part, '"')).join('.')
    const values = [given['value']].flat().map((value) => quoted(String(value), "'"))
    const [from, to] = rangeOf(given['value'])
    const isRange = object(tag)['widget-type'] === 'date/range'
    const isPart = object(tag)['widget-type'] === 'string/contains'
    const like = object(object(tag)['options'])['case-sensitive'] === false ? 'ilike' : 'like'
    const part = `${column} ${like} '%' || ${values[0]} || '%'`
    const range = `cast(${column} as date) between date '${from}' and date '${to}'`
    conditions.set(name, isRange ? range : isPart ? part : `${column} in (${values.join(', ')})`)
  }
  return String(native['query'])
    .replaceAll(/\[\[(.*?)\]\]/gs, (_, part: string) =>
      /\{\{(\w[\w-]*)\}\}/.test(part) && [...conditions.keys()].some((name) => part.includes(`{{${name}}}`))
        ? part
        : '',
    )
    .replaceAll(/\{\{([\w-]+)\}\}/g, (_, name: string) => conditions.get(name) ?? '1 = 1')
}

/** A structured query, with the filters of its dashboard as conditions of its first stage. */
function structured(work: Work, stages: readonly Entity[], parameters: readonly Entity[]): string {
  const columns = columnsOf(work)
  const column = (id: unknown) => {
    const found = columns.get(id)
    if (found === undefined) throw new Refusal(400, `Could not find the column ${String(id)}`)
    return found
  }
  const tables = [...work.standIn.tables.values()].flat()
  const conditions = parameters.map(({ target, value }) => {
    const [, [, id, options], at] = target as [string, [string, unknown, Entity], Entity] // sound because targets are sent so.
    if (at['stage-number'] !== 0) throw new Refusal(400, 'A filter acts on the first stage')
    const field = ['field', options ?? {}, id]
    const isTime = /date|time/.test(column(id).type)
    return isTime ? ['between', {}, field, ...rangeOf(value)] : ['=', {}, field, ...[value].flat()]
  })
  return mbqlToSql(
    stages,
    {
      column,
      weekBegins: String(work.standIn.settings.get('start-of-week')),
      table: (id) => {
        const found = tables.find((table) => table['id'] === id)
        if (found === undefined) throw new Refusal(400, `Could not find the table ${String(id)}`)
        return { schema: String(found['schema']), table: String(found['name']) }
      },
      target: (key) => column(columns.get([...columns].find(([, each]) => each === key)?.[0])?.target),
    },
    conditions as never, // sound because they are clauses.
  )
}

/** As many as it takes from the database, of single rows and of groups. */
const MOST_ROWS = { bare: 2_000, grouped: 10_000 } as const

export async function run(work: Work, asked: Asked): Promise<Entity> {
  const card = one(work.standIn.cards, asked)
  const query = object(card['dataset_query'])
  const database = one(work.standIn.databases, { ...asked, id: Number(query['database']) })
  const parameters = list(asked.body['parameters'])
  const sql =
    'stages' in query
      ? structured(work, list(query['stages']), parameters)
      : filled(work, object(query['native']), parameters)
  const last = list(query['stages']).at(-1)
  const most = MOST_ROWS[last !== undefined && ('aggregation' in last || 'breakout' in last) ? 'grouped' : 'bare']
  try {
    const { rows, fields } = await connected(database['details'] as Details, async (client) => {
      await client.query(`set timezone = ${quoted(String(work.standIn.settings.get('report-timezone')), "'")}`)
      await client.query(`begin read only; declare answer no scroll cursor for ${sql}`)
      return client.query<unknown[]>({ text: `fetch ${most} from answer`, rowMode: 'array' })
    })
    const cols = fields.map(({ name }) => ({ name }))
    const cut = rows.length === most ? { rows_truncated: most } : {}
    return { status: 'completed', row_count: rows.length, data: { rows, cols, native_form: { query: sql }, ...cut } }
  } catch (error) {
    return { status: 'failed', row_count: 0, data: { rows: [], cols: [] }, error: `${error}` }
  }
}
