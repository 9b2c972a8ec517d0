/** Checks whether changes would break a key of the kept table, while the source can still be read whole: that error says where. */
import type { Session } from '../postgres/connect.ts'
import type { TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier } from '../sql/quote.ts'
import { keyList, sameKey } from './keys.ts'

export const CLASHES = 'values of a key would stand twice'

/** Whether a value of a key would occur twice: in two changed rows, or in a changed row and an unchanged one. */
export async function wouldClash(
  session: Session,
  table: PublishedTable,
  { constraints }: TableShape,
  kept: string,
  { changed, gone }: { readonly changed: string | null; readonly gone: string | null },
): Promise<boolean> {
  if (changed === null) return false
  const goes = (place: string | null) =>
    place === null ? [] : [`not exists (select from ${place} as g where ${sameKey(table, 'g', 'r')})`]
  const stays = [...goes(changed), ...goes(gone)].join(' and ')
  const keys = constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique')
  const found = keys.flatMap(({ kind, columns }) => {
    const names = columns.map((name) => `d.${identifier(name)}`)
    const filled = names.map((name) => `${name} is not null`).join(' and ')
    const same = columns.map((name) => `r.${identifier(name)} = d.${identifier(name)}`).join(' and ')
    const among = `exists (select from ${changed} as d where ${filled} group by ${names.join(', ')} having count(*) > 1)`
    // `offset 0` makes PostgreSQL look up each changed row in the index of the key: most find only themselves.
    const others = `select ${keyList(table, 'r')} from ${kept} as r where ${same} and not (${sameKey(table, 'r', 'd')}) offset 0`
    const beside = `exists (select from ${changed} as d cross join lateral (${others}) as r where ${stays})`
    return kind === 'unique' ? [among, beside] : [among]
  })
  const [row] = await session.query<{ clash: boolean }>(`select ${found.join(' or ')} as clash`)
  return row?.clash === true
}
