/**
 * Ce qui se décide quand la base opérationnelle laisse le choix : le rapport qui compte, le nom qui se publie, le mot d’un
 * rôle, la lecture d’un nombre. L’ordre dans lequel les lignes ont été écrites n’y change rien.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectText } from 'vitrine/testing'
import { neededColumns } from '../../../packages/vitrine/src/lineage/lineage.ts'
import { ImpactInstallation } from './installation.ts'

let impact: ImpactInstallation
beforeAll(async () => {
  impact = await ImpactInstallation.create(18, 'S')
  await impact.change(
    [
      ...ENTREPRISES,
      ...RAPPORTS,
      CODES,
      ROLES,
      `delete from vsme_indicateur where schema_id like 'C5-%'`,
      SALARIES,
    ].join(';'),
  )
  await impact.run()
})
afterAll(() => impact.drop())

/** Des rapports d’une même entreprise, du meilleur au moins bon : chacun a son étape et son lien, qui le font reconnaître. */
const PREFERENCES = [
  { annee: 2026, proprietaire: null, etape: 'redaction-rapport-durabilite', lien: 'https://exemple.test/r.pdf' },
  { annee: 2026, proprietaire: 6, etape: 'introduction', lien: '' },
  { annee: 2025, proprietaire: null, etape: 'analyse-ecart', lien: '' },
  { annee: 2025, proprietaire: 6, etape: 'selection-enjeux', lien: 'https://exemple.test/brouillon.pdf' },
] as const
type Rapport = (typeof PREFERENCES)[number]
const ORDRES = permutations(PREFERENCES).flatMap((tous) => [tous, tous.slice(1), tous.slice(2)])

function permutations(rapports: readonly Rapport[]): readonly (readonly Rapport[])[] {
  if (rapports.length === 0) return [[]]
  return rapports.flatMap((premier) =>
    permutations(rapports.filter((rapport) => rapport !== premier)).map((suite) => [premier, ...suite]),
  )
}

const ENTREPRISES = ORDRES.map(
  (_, n) => `
    insert into entreprises_entreprise (id, siren, denomination, categorie_juridique_sirene, est_cotee, est_interet_public, appartient_groupe, created_at, updated_at)
    values (${10_000 + n}, '${900_000_000 + n}', 'Société Choix', 5710, false, true, false, now(), now());
    insert into entreprises_caracteristiquesannuelles (entreprise_id, annee, date_cloture_exercice, effectif, effectif_securite_sociale, tranche_chiffre_affaires, tranche_bilan, created_at, updated_at)
    values (${10_000 + n}, 2025, '2025-12-31', '500-4999', '500+', '100M+', '100M+', now(), now());
    insert into habilitations_habilitation (user_id, entreprise_id, role, is_conseiller_rse, created_at, updated_at)
    values (6, ${10_000 + n}, 'proprietaire', false, now(), now())`,
)
const RAPPORTS = ORDRES.flatMap((rapports, n) =>
  rapports.map(
    ({ annee, proprietaire, etape, lien }) => `
    insert into reglementations_rapportcsrd (entreprise_id, proprietaire_id, annee, description, etape_validee, lien_rapport, bloque, created_at, updated_at)
    values (${10_000 + n}, ${proprietaire}, ${annee}, '', '${etape}', '${lien}', ${lien !== ''}, now(), now())`,
  ),
)

test('le rapport CSRD qui compte est celui de la dernière année, et l’officiel parmi ceux d’une année', async () => {
  const lignes = await impact.look<{ etape_validee: string; lien_rapport: boolean }>(
    'select etape_validee, lien_rapport from impact.metabase_csrd where entreprise_id >= 10000 order by entreprise_id',
  )
  const attendues = ORDRES.map((rapports) => PREFERENCES.find((rapport) => rapports.includes(rapport)))
  expect(lignes).toEqual(
    attendues.map((choisi) => ({ etape_validee: choisi?.etape, lien_rapport: choisi?.lien !== '' })),
  )
})

test('tout choix d’une ligne parmi plusieurs est ordonné jusqu’à une clé : aucune égalité ne laisse choisir le serveur', async () => {
  const rows = await impact.source.ask<{
    table: string
    columns: readonly string[]
  }>(`select i.indrelid::regclass::text as "table", array_agg(a.attname::text) as columns
     from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indisunique and i.indpred is null group by i.indexrelid, i.indrelid having bool_and(a.attnotnull)`)
  const choix = impact.publication.tables.flatMap((table) => {
    const texte = selectText(table)
    expect(texte).not.toMatch(/ limit | fetch |row_number|first_value|array_agg|string_agg/)
    return [...texte.matchAll(/distinct on .*? from "public"\."(\w+)" as "(\w+)".*? order by (.*?)\) as /g)]
  })
  expect(choix.length).toBeGreaterThanOrEqual(8)
  for (const [, table, alias = '', ordre = ''] of choix) {
    const ordonnees = [...ordre.matchAll(/"(\w+)"\."(\w+)"(?: desc)?(?:,|$)/g)]
      .filter(([, a]) => a === alias)
      .map(([, , c]) => c)
    const cles = rows.filter((index) => index.table === table).map(({ columns }) => columns)
    expect(cles.some((cle) => cle.every((colonne) => ordonnees.includes(colonne)))).toBe(true)
  }
})

/** Le code juridique de chaque entreprise, et ce qui se publie de son nom : rien, sauf si c’est sûrement une personne morale. */
const FORMES: readonly (readonly [
  code: number | null,
  nom: 'Société Choix' | 'Entrepreneur individuel' | 'Dénomination non publiée',
])[] = [
  [null, 'Dénomination non publiée'],
  [0, 'Dénomination non publiée'],
  [1000, 'Entrepreneur individuel'],
  [1300, 'Dénomination non publiée'],
  ...[2110, 2120, 2210, 2220, 2310, 2320, 2385, 2400, 2700, 2800, 2900].map(
    (code) => [code, 'Dénomination non publiée'] as const,
  ),
  [3120, 'Société Choix'],
  [5499, 'Société Choix'],
  [9220, 'Société Choix'],
  [10_000, 'Dénomination non publiée'],
  [-5710, 'Dénomination non publiée'],
]
const CODES = FORMES.map(
  ([code], n) => `update entreprises_entreprise set categorie_juridique_sirene = ${code} where id = ${10_000 + n}`,
).join(';')

test('un nom et son SIREN ne se publient que d’une personne morale ; sans forme juridique, ni l’un ni l’autre', async () => {
  const lignes = await impact.look<{ denomination: string; siren: string | null }>(
    `select denomination, siren from impact.metabase_entreprise where impact_id between 10000 and ${9_999 + FORMES.length} order by impact_id`,
  )
  const attendues = FORMES.map(([, denomination], n) => ({
    denomination,
    siren: denomination === 'Société Choix' ? String(900_000_000 + n) : null,
  }))
  expect(lignes).toEqual(attendues)
})

const ROLES = ['proprietaire', 'administrateur', 'editeur', 'contributeur', 'lecteur', 'Lecteur', '']
  .map(
    (role, n) =>
      `insert into invitations_invitation (id, entreprise_id, email, role, created_at, updated_at) values (${10_000 + n}, 10000, 'invite@example.org', '${role}', now(), now())`,
  )
  .join(';')

test('un rôle se publie sous le mot des questions enregistrées, quel que soit celui de la base ; inconnu, il est vide', async () => {
  const lignes = await impact.look<{ role: string | null }>(
    'select role from impact.metabase_invitation where impact_id >= 10000 order by impact_id',
  )
  expect(lignes.map(({ role }) => role)).toEqual([
    'proprietaire',
    'proprietaire',
    'editeur',
    'editeur',
    'lecteur',
    null,
    null,
  ])
  const { tables } = await impact.run()
  expect(tables.find(({ table }) => table === 'metabase_invitation')?.unknown).toEqual({ role_inconnu: 2 })
})

/** Le rapport VSME 4 est rempli à un indicateur près. */
const SALARIES = `update vsme_indicateur set _data = jsonb_set(_data, '{nombre_salaries}', '"1E+3"') where schema_id = 'B1-24-e-v' and rapport_vsme_id = 4`

test('mille salariés saisis 1e3, que l’application enregistre 1E+3, sont mille salariés', async () => {
  const [ligne] = await impact.look('select statut, "progression_C5" as c5 from impact.metabase_vsme where id = 4')
  expect(ligne).toEqual({ statut: 'EN COURS', c5: 0 })
})

test('le rôle qui lit la base opérationnelle y lit exactement les colonnes que les requêtes nomment', async () => {
  const lisibles = await impact.readSource(`select c.relname::text as table, a.attname::text as colonne
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and has_column_privilege('${impact.reading}', c.oid, a.attnum, 'SELECT')`)
  const nommees = [...(await neededColumns(impact.publication.source, impact.publication.tables))].flatMap(
    ([table, colonnes]) => [...colonnes].map((colonne) => `${table}.${colonne}`),
  )
  expect(lisibles.map(({ table, colonne }) => `${table}.${colonne}`).sort()).toEqual(nommees.sort())
})
