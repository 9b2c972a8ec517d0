/** *Qualité des données* : puis-je me fier à ces chiffres aujourd’hui ? Pour qui les lit, et pour qui est de garde. */
import { dashboard, question, sql } from 'vitrine'
import { REGLEMENTATIONS } from '../domain/reglementations.ts'
import { donnees } from '../publication/donnees.ts'
import { dernierEchec, derniereComplete, durees, executions, nuits } from './executions.ts'
import { EFFECTIF, RAISON } from './mots.ts'
import { entier, FRAICHEUR, IMPACT, INSCRITES, impact, instant, limites, TRANCHES } from './questions.ts'

const table = impact.filter({
  key: 'table',
  label: 'Table',
  kind: 'list',
  options: donnees.tables.map(({ name }) => name),
  on: { metabase_fraicheur: 'nom_table', metabase_inconnus: 'nom_table' },
})
const SANS = { without: ['table'] }

const fraicheur = question({
  key: 'qua-fraicheur',
  title: 'Fraîcheur de chaque table',
  description: 'De quand datent les données de chaque table publiée.',
  query: impact.listing({
    from: 'metabase_fraicheur',
    columns: { nom_table: 'nom_table', nombre_lignes: 'nombre_lignes', donnees_du: 'donnees_du' },
    order: [['nom_table', 'asc']],
    limit: 100,
  }),
  display: { kind: 'table' },
  columns: {
    nom_table: { label: 'Table' },
    nombre_lignes: { label: 'Lignes', format: entier },
    donnees_du: { label: 'Données du', format: instant },
  },
})

const inconnus = question({
  key: 'qua-inconnus',
  title: 'Statuts inconnus, par réglementation',
  description: 'Un statut inconnu vient d’une source externe en panne, ou d’une réponse qui ne décide pas.',
  query: impact.query({
    from: 'metabase_reglementation',
    measures: {
      soumission_inconnue: { count: 'rows', where: [['est_soumise', 'is null']] },
      statut_inconnu: {
        count: 'rows',
        where: [
          ['est_soumise', '=', true],
          ['statut', 'is null'],
        ],
      },
      evaluees: { count: 'rows' },
    },
    by: { reglementation: { column: 'reglementation', order: REGLEMENTATIONS } },
  }),
  display: { kind: 'row', x: 'reglementation', y: ['soumission_inconnue', 'statut_inconnu'], stack: 'stacked' },
  columns: {
    reglementation: { label: 'Réglementation' },
    soumission_inconnue: { label: 'Soumission inconnue', format: entier },
    statut_inconnu: { label: 'Statut inconnu', format: entier },
    evaluees: { label: 'Évaluées', format: entier },
  },
})

const raisons = question({
  key: 'qua-raisons',
  title: 'Raisons des valeurs inconnues',
  description: 'Une ligne a une raison au plus. Une source en panne se reconnaît à sa raison.',
  query: impact.listing({
    from: 'metabase_inconnus',
    columns: { nom_table: 'nom_table', raison: 'raison', nombre_lignes: 'nombre_lignes' },
    order: [['nombre_lignes', 'desc']],
    limit: 100,
  }),
  display: { kind: 'table' },
  columns: {
    nom_table: { label: 'Table' },
    raison: RAISON,
    nombre_lignes: { label: 'Lignes', format: entier },
  },
})

const nonEvaluees = question({
  key: 'qua-non-evaluees',
  title: 'Entreprises inscrites qu’aucune règle n’évalue',
  description: 'Sans caractéristiques ou sans effectif, aucune obligation ne se calcule.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: {
      sans_caracteristiques: { count: 'rows', where: [['date_cloture_exercice', 'is null']] },
      sans_effectif: {
        count: 'rows',
        where: [
          ['date_cloture_exercice', 'is not null'],
          ['effectif', 'is null'],
        ],
      },
      sans_bdese: { count: 'rows', where: [['effectif', 'is null']] },
      inscrites: { count: 'rows' },
    },
    where: INSCRITES,
    limit: 1,
  }),
  display: { kind: 'table' },
  columns: {
    sans_caracteristiques: { label: 'Sans caractéristiques', format: entier },
    sans_effectif: { label: 'Sans effectif', format: entier },
    sans_bdese: { label: 'Sans BDESE évaluée', format: entier },
    inscrites: { label: 'Inscrites', format: entier },
  },
})

const CARACTERISTIQUES = [
  ['effectif', 'effectif'],
  ['effectif outre-mer', 'effectif_outre_mer'],
  ['forme juridique', 'categorie_juridique'],
  ['pays', 'pays'],
  ['code postal', 'code_postal'],
  ['code NAF', 'code_NAF'],
  ['chiffre d’affaires', 'tranche_chiffre_affaires'],
  ['bilan', 'tranche_bilan'],
  ['énergie', 'tranche_consommation_energie_finale'],
  ['cotée', 'est_cotee'],
] as const

const vides = question({
  key: 'qua-vides',
  title: 'Part de valeurs vides, par caractéristique des entreprises qualifiées',
  description: 'Parmi les entreprises inscrites qui ont des caractéristiques.',
  query: impact.select(({ db }) => {
    const valeurs = sql.join(
      CARACTERISTIQUES.map(([nom, colonne]) => sql`(${sql.lit(nom)}, ${sql.ref(`e.${colonne}`)} is null)`),
    )
    return db
      .selectFrom('metabase_entreprise as e')
      .innerJoinLateral(
        sql<{ colonne: string; vide: boolean }>`(values ${valeurs})`.as<'x'>(sql`x(colonne, vide)`),
        (join) => join.onTrue(),
      )
      .where('e.date_cloture_exercice', 'is not', null)
      .where('e.nombre_utilisateurs', '>', 0)
      .groupBy('x.colonne')
      .select([
        'x.colonne',
        sql<number>`round(100.0 * count(*) filter (where x.vide) / count(*), 1)`.as('part_vide'),
        sql<number>`count(*)`.as('entreprises'),
      ])
      .orderBy('part_vide', 'desc')
  }),
  display: { kind: 'row', x: 'colonne', y: ['part_vide'] },
  columns: {
    colonne: { label: 'Caractéristique' },
    part_vide: { label: 'Part vide', format: { kind: 'percent', decimals: 1, of: 'entreprises' } },
    entreprises: { label: 'Entreprises', format: entier },
  },
})

const valeurs = question({
  key: 'qua-valeurs',
  title: 'Effectifs hors de la liste connue',
  description: 'Des tranches d’un ancien questionnaire, que les règles tiennent pour inconnues.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: { effectif: { column: 'effectif', unknown: 'inconnu' } },
    where: [
      ['effectif', 'is not null'],
      ['effectif', 'not in', TRANCHES],
    ],
    limit: 50,
  }),
  display: { kind: 'table' },
  columns: { effectif: EFFECTIF, entreprises: { label: 'Entreprises', format: entier } },
})

export const qualite = dashboard({
  key: 'qualite',
  title: 'Qualité des données',
  description: 'Puis-je me fier à ces chiffres aujourd’hui ?',
  collection: IMPACT,
  filters: [table],
  rows: [
    FRAICHEUR,
    [{ question: fraicheur }, { question: raisons }],
    [
      { question: derniereComplete, span: 6, ...SANS },
      { question: nuits, span: 6, ...SANS },
      { question: dernierEchec, ...SANS },
    ],
    [
      {
        text: 'Un échec ? Le guide d’exploitation (`docs/metabase-pannes.md`, « Quand un passage échoue ») dit quoi faire de chaque code ; `impact runs`, avec le numéro de l’exécution, en dit plus.',
      },
    ],
    [{ question: executions, ...SANS }],
    [
      { question: durees, ...SANS },
      { question: vides, ...SANS },
    ],
    [
      { question: inconnus, span: 8, ...SANS },
      { question: nonEvaluees, span: 10, ...SANS },
      { question: valeurs, ...SANS },
    ],
    ...limites(
      'Les raisons sont celles de la version publiée, et non celles des nuits passées. Une valeur présente n’est pas une valeur juste.',
    ),
  ],
})
