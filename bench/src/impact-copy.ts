/**
 * The reference of Impact's bench: the published tables of one database, already computed, are moved into the staging schema
 * of another, with all that makes them tables: keys, indexes, references, statistics, comments. Nothing is computed or checked.
 */

import type { Publication } from 'vitrine'
import { connect, parseAddress } from 'vitrine/run'
import {
  clearWorkSchema,
  declareReferences,
  finishTable,
  identifier,
  loadTable,
  openStaging,
  qualified,
  referencesOf,
  stagedShape,
  validateReference,
} from 'vitrine/testing'

/** Milliseconds of one copy. */
export async function copyResults(
  { results, target }: { readonly results: string; readonly target: string },
  publication: Publication,
): Promise<number> {
  const session = (url: string, side: 'source' | 'target') =>
    connect(parseAddress(url, 'bench'), {
      side,
      name: 'bench',
      limits: publication.limits,
      readOnly: false,
      searchPath: [],
    })
  const started = performance.now()
  const lead = await session(target, 'target')
  const streams = await Promise.all(
    [1, 2].map(async () => ({ source: await session(results, 'source'), target: await session(target, 'target') })),
  )
  const staging = await openStaging(lead, publication)
  const queue = [...publication.tables]
  await Promise.all(
    streams.map(async (stream) => {
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        const shape = stagedShape(table, publication)
        const columns = shape.columns.map(({ name }) => name)
        const select = `select ${columns.map(identifier).join(', ')} from ${qualified(publication.schema, table.name)}`
        await loadTable(stream.target, shape, staging, {
          source: stream.source.client,
          select,
          columns,
          rewriter: null,
        })
        await finishTable(stream.target, shape, staging)
      }
    }),
  )
  const references = referencesOf(publication.tables.map((table) => stagedShape(table, publication)))
  await declareReferences(lead, staging, references)
  for (const reference of references) await validateReference(lead, staging, reference)
  const milliseconds = performance.now() - started
  await clearWorkSchema(lead, publication, staging)
  await Promise.all([lead, ...streams.flatMap((stream) => [stream.source, stream.target])].map((open) => open.end()))
  return milliseconds
}
