/** Les statistiques quotidiennes : ce qu’elles comptent, sur un vrai serveur, et ce qu’elles lisent. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definePublication, type Publication } from 'vitrine'
import { importHistory } from '../../../packages/vitrine/src/history/history-import.ts'
import { checkPublication } from '../../../packages/vitrine/src/lineage/publication-check.ts'
import type { HistoryTable } from '../../../packages/vitrine/src/publication/history.ts'
import { daySelect } from '../../../packages/vitrine/src/publication/history-select.ts'
import { TestDatabase, VERSIONS } from '../../../test/database.ts'
import { donnees } from '../../publication/donnees.ts'
import impact from '../../publication/index.ts'
import { stats } from '../../publication/stats.ts'
import { ImpactInstallation } from './installation.ts'

const publication = definePublication({ ...impact, histories: [stats] })
const RECENTES = [
  ...['entreprises', 'entreprises_inscrites', 'comptes', 'comptes_actifs_30j'],
  ...['bdese', 'egapro', 'bges', 'csrd'].flatMap((nom) => [`${nom}_a_jour`, `${nom}_connu`]),
  ...['vsme_rapports', 'vsme_complets'],
]
const INSTANT = new Date('2026-07-21T22:00:00Z')

test('elles sont saines, et les deux totaux ne lisent que trois réglementations publiées', async () => {
  const { problems, columns } = await checkPublication(publication)
  expect(problems).toEqual([])
  const lues = columns
    .filter(({ table }) => table === 'metabase_stats')
    .map(({ column, lineage }) => [column, lineage.map((origin) => `${origin.table}.${origin.column}`)])
  const trois = ['metabase_bdese.entreprise_id', 'metabase_indexegapro.entreprise_id', 'metabase_bges.entreprise_id']
  expect(lues.slice(0, 4)).toEqual([
    ['id', []],
    ['date', []],
    ['reglementations_a_jour', trois],
    ['reglementations_statut_connu', trois],
  ])
  expect(lues.slice(4).flatMap(([colonne]) => colonne)).toEqual(RECENTES)
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
    await client.query(
      'create table metabase_entreprise (nombre_utilisateurs integer); create table metabase_utilisateur (connecte_le date); create table metabase_vsme (progression integer)',
    )
    await base.close(client)
  })
  afterAll(() => base.drop())

  const TOTAUX = ['reglementations_a_jour', 'reglementations_statut_connu']
  async function statistiques(lignes: Readonly<Record<string, string>>, noms = TOTAUX) {
    const client = await base.connect()
    try {
      await client.query('begin')
      for (const [table, valeurs] of Object.entries(lignes)) {
        const colonnes = { entreprise: '', utilisateur: '', vsme: '' }[table] ?? ' (entreprise_id, statut)'
        await client.query(`insert into metabase_${table}${colonnes} values ${valeurs}`)
      }
      const { rows } = await client.query(daySelect(stats, publication, 'public', INSTANT).sql)
      await client.query('rollback')
      return rows.map((ligne) => noms.map((nom) => ligne[nom]))
    } finally {
      await base.close(client)
    }
  }

  test('une ligne, datée du jour à Paris, même sans aucune réglementation', async () => {
    const rows = await base.ask(
      `select id::text, date::text, reglementations_a_jour, reglementations_statut_connu from (${daySelect(stats, publication, 'public', INSTANT).sql}) s`,
    )
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

  test('chaque colonne récente compte ce qu’elle dit, et les comptes actifs jusqu’à trente jours inclus', async () => {
    const lignes = {
      entreprise: '(0), (1), (3)',
      utilisateur: "('2026-07-22'), ('2026-06-22'), ('2026-06-21'), (null)",
      bdese: "(1, 'A JOUR'), (2, 'EN COURS'), (3, null)",
      indexegapro: "(1, 'A JOUR'), (2, 'A JOUR')",
      bges: "(1, 'A ACTUALISER')",
      csrd: "(1, 'A JOUR'), (2, 'EN COURS'), (3, 'EN COURS')",
      vsme: '(100), (99), (null)',
    }
    expect(await statistiques(lignes, RECENTES)).toEqual([[3, 2, 4, 2, 1, 2, 2, 2, 0, 1, 1, 3, 3, 1]])
  })
})

test('une installation aux deux colonnes d’avant gagne les autres sans perdre un jour', async () => {
  const avant: HistoryTable = { ...stats, columns: stats.columns.slice(0, 4) }
  const impact = await ImpactInstallation.create(VERSIONS[0] ?? 18, 'S', { ...donnees, histories: [avant] })
  try {
    const importer = (publie: Publication, jour: string) =>
      impact.asWriter((session) =>
        importHistory(
          { session, publication: publie },
          'metabase_stats',
          `date,reglementations_a_jour,reglementations_statut_connu\n${jour},3,9\n`,
          { replace: false, dryRun: false },
        ),
      )
    await importer(impact.publication, '2024-01-01')
    await impact.run({ at: new Date('2026-07-21T10:00:00Z') })
    const publie = await impact.becomes(donnees)
    await importer(publie, '2024-01-02')
    await impact.run({ publication: publie })
    const jours = await impact.look<Record<string, number | null>>(
      `select reglementations_a_jour, reglementations_statut_connu, ${RECENTES} from impact.metabase_stats order by date`,
    )
    expect(jours.map(({ reglementations_a_jour }) => reglementations_a_jour)).toEqual([
      3,
      3,
      jours[3]?.['reglementations_a_jour'],
      expect.any(Number),
    ])
    const recentes = jours.map((jour) => RECENTES.map((nom) => jour[nom]))
    for (const vides of recentes.slice(0, 3)) expect(vides).toEqual(RECENTES.map(() => null))
    const somme = (suffixe: string) =>
      ['bdese', 'egapro', 'bges'].reduce((total, nom) => total + (jours[3]?.[`${nom}_${suffixe}`] ?? 0), 0)
    expect([somme('a_jour'), somme('connu')]).toEqual([
      jours[3]?.['reglementations_a_jour'],
      jours[3]?.['reglementations_statut_connu'],
    ])
    const [comptes] = await impact.look(
      "select count(*)::integer as entreprises, (select count(*)::integer from impact.metabase_utilisateur where connecte_le >= date '2026-07-22' - 30) as comptes_actifs_30j from impact.metabase_entreprise",
    )
    expect(jours[3]).toMatchObject(comptes ?? {})
  } finally {
    await impact.drop()
  }
})
