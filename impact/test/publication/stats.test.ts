/** Les statistiques quotidiennes : ce qu’elles comptent, sur un vrai serveur, et ce qu’elles lisent. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definePublication } from 'vitrine'
import { checkPublication } from '../../../packages/vitrine/src/lineage/check.ts'
import { daySelect } from '../../../packages/vitrine/src/publication/history-select.ts'
import { TestDatabase, VERSIONS } from '../../../test/database.ts'
import impact from '../../publication/index.ts'
import { stats } from '../../publication/stats.ts'

const publication = definePublication({ ...impact, histories: [stats] })
const INSTANT = new Date('2026-07-21T22:00:00Z')

test('elles sont saines, et ne lisent que les trois réglementations publiées', async () => {
  const { problems, columns } = await checkPublication(publication)
  expect(problems).toEqual([])
  const lues = columns
    .filter(({ table }) => table === 'metabase_stats')
    .map(({ column, lineage }) => [column, lineage.map((origin) => `${origin.table}.${origin.column}`)])
  const trois = ['metabase_bdese.entreprise_id', 'metabase_indexegapro.entreprise_id', 'metabase_bges.entreprise_id']
  expect(lues).toEqual([
    ['id', []],
    ['date', []],
    ['reglementations_a_jour', trois],
    ['reglementations_statut_connu', trois],
  ])
})

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let base: TestDatabase
  beforeAll(async () => {
    base = await TestDatabase.create(version, 'stats')
    const client = await base.connect()
    for (const table of ['bdese', 'indexegapro', 'bges', 'csrd']) {
      await client.query(
        `create table metabase_${table} (entreprise_id bigint not null, est_soumise boolean, statut varchar(15))`,
      )
    }
    await base.close(client)
  })
  afterAll(() => base.drop())

  async function statistiques(lignes: Readonly<Record<string, string>>) {
    const client = await base.connect()
    try {
      await client.query('begin')
      for (const [table, valeurs] of Object.entries(lignes)) {
        await client.query(`insert into metabase_${table} (entreprise_id, statut) values ${valeurs}`)
      }
      const { rows } = await client.query(daySelect(stats, publication, 'public', INSTANT).sql)
      await client.query('rollback')
      return rows.map(({ reglementations_a_jour, reglementations_statut_connu }) => [
        reglementations_a_jour,
        reglementations_statut_connu,
      ])
    } finally {
      await base.close(client)
    }
  }

  test('une ligne, datée du jour à Paris, même sans aucune réglementation', async () => {
    const client = await base.connect()
    const { rows } = await client.query(
      `select id::text, date::text, reglementations_a_jour, reglementations_statut_connu from (${daySelect(stats, publication, 'public', INSTANT).sql}) s`,
    )
    await base.close(client)
    expect(rows).toEqual([
      { id: '9699', date: '2026-07-22', reglementations_a_jour: 0, reglementations_statut_connu: 0 },
    ])
  })

  test('un statut inconnu ne compte nulle part ; la CSRD non plus', async () => {
    const lignes = {
      bdese: "(1, 'A JOUR'), (2, 'EN COURS'), (3, null)",
      indexegapro: "(1, 'A JOUR'), (2, null)",
      bges: "(1, 'A ACTUALISER')",
      csrd: "(1, 'A JOUR')",
    }
    expect(await statistiques(lignes)).toEqual([[2, 4]])
  })

  test('une entreprise avec deux lignes compte une fois dans chaque total', async () => {
    const lignes = { bdese: "(1, 'A JOUR'), (1, 'EN COURS')", bges: "(1, 'A JOUR'), (1, 'A JOUR')" }
    expect(await statistiques(lignes)).toEqual([[2, 2]])
  })
})
