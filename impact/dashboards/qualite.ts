/** *Qualité des données* : puis-je me fier à ces chiffres aujourd’hui ? Pour qui les lit, et pour qui est de garde. */
import { dashboard, question, sql } from 'vitrine'
import { entier, FRAICHEUR, IMPACT, impact, jour, limites, TRANCHES } from './questions.ts'
import { reglementations } from './reglementations-communes.ts'

const instant = { kind: 'date', style: 'instant' } as const

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

const executions = question({
  key: 'qua-executions',
  title: 'Les vingt dernières exécutions',
  description: 'La référence des erreurs explique les codes.',
  query: impact.listing({
    from: 'metabase_executions',
    columns: {
      numero: 'numero',
      debut: 'debut',
      etat: 'etat',
      origine: 'origine',
      duree_secondes: 'duree_secondes',
      nombre_lignes: 'nombre_lignes',
      code_erreur: 'code_erreur',
    },
    order: [['numero', 'desc']],
    limit: 20,
  }),
  display: { kind: 'table', columns: ['debut', 'etat', 'origine', 'duree_secondes', 'nombre_lignes', 'code_erreur'] },
  columns: {
    debut: { label: 'Début', format: instant },
    etat: { label: 'État' },
    origine: { label: 'Origine' },
    duree_secondes: { label: 'Durée', format: { kind: 'number', decimals: 1, suffix: ' s' } },
    nombre_lignes: { label: 'Lignes', format: entier },
    code_erreur: { label: 'Code d’erreur' },
  },
})

const durees = question({
  key: 'qua-durees',
  title: 'Durée des publications, trente derniers jours',
  description: 'La plus longue de chaque jour. Un jour sans exécution n’a pas de barre.',
  query: impact.query({
    from: 'metabase_executions',
    measures: {
      duree: { max: 'duree_secondes', where: [['etat', '=', 'réussie']], unknown: 'left out' },
      echecs: { count: 'rows', where: [['etat', '=', 'échouée']] },
    },
    by: { jour: { time: 'debut', unit: 'day' } },
    where: [['debut', 'within', { last: 30, unit: 'day' }]],
  }),
  display: { kind: 'bar', x: 'jour', y: ['duree'] },
  columns: {
    jour: { label: 'Jour', format: jour },
    duree: { label: 'Durée', format: { kind: 'number', decimals: 1, suffix: ' s' } },
    echecs: { label: 'Échecs', format: entier },
  },
})

const nuits = question({
  key: 'qua-nuits',
  title: 'Nuits sans chiffres, trente derniers jours',
  description: 'Les jours, avant celui des données, qui n’ont pas de statistique.',
  query: impact.select(({ db, day }) =>
    db
      .selectFrom(
        sql<{
          jour: Date
        }>`generate_series(${day('metabase_stats')} - 30, ${day('metabase_stats')} - 1, interval '1 day')`.as<'j'>(
          sql`j(jour)`,
        ),
      )
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(selectFrom('metabase_stats as s').where(sql<boolean>`s.date = cast(j.jour as date)`).select('s.id')),
        ),
      )
      .select(sql<number>`count(*)`.as('manquantes')),
  ),
  display: { kind: 'number', value: 'manquantes' },
  columns: { manquantes: { label: 'Nuits manquantes', format: entier } },
})

const inconnus = question({
  key: 'qua-inconnus',
  title: 'Statuts inconnus, par réglementation',
  description: 'Un statut inconnu vient d’une source externe en panne, ou d’une réponse qui ne décide pas.',
  query: impact.select((sources) =>
    sources.db
      .selectFrom(reglementations(sources))
      .groupBy('r.reglementation')
      .select([
        'r.reglementation',
        sql<number>`count(*) filter (where r.est_soumise is null)`.as('soumission_inconnue'),
        sql<number>`count(*) filter (where r.est_soumise and r.statut is null)`.as('statut_inconnu'),
        sql<number>`count(*)`.as('evaluees'),
      ])
      .orderBy('r.reglementation'),
  ),
  display: { kind: 'row', x: 'reglementation', y: ['soumission_inconnue', 'statut_inconnu'], stack: 'stacked' },
  columns: {
    reglementation: { label: 'Réglementation' },
    soumission_inconnue: { label: 'Soumission inconnue', format: entier },
    statut_inconnu: { label: 'Statut inconnu', format: entier },
    evaluees: { label: 'Évaluées', format: entier },
  },
})

const nonEvaluees = question({
  key: 'qua-non-evaluees',
  title: 'Entreprises inscrites qu’aucune règle n’évalue',
  description: 'Sans caractéristiques ou sans effectif, aucune obligation ne se calcule.',
  query: impact.select(({ db }) =>
    db
      .selectFrom('metabase_entreprise as e')
      .leftJoin('metabase_bdese as b', 'b.entreprise_id', 'e.impact_id')
      .where('e.nombre_utilisateurs', '>', 0)
      .select([
        sql<number>`count(*) filter (where e.date_cloture_exercice is null)`.as('sans_caracteristiques'),
        sql<number>`count(*) filter (where e.date_cloture_exercice is not null and e.effectif is null)`.as(
          'sans_effectif',
        ),
        sql<number>`count(*) filter (where b.entreprise_id is null)`.as('sans_bdese'),
        sql<number>`count(*)`.as('inscrites'),
      ]),
  ),
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
  columns: { effectif: { label: 'Effectif' }, entreprises: { label: 'Entreprises', format: entier } },
})

export const qualite = dashboard({
  key: 'qualite',
  title: 'Qualité des données',
  description: 'Puis-je me fier à ces chiffres aujourd’hui ?',
  collection: IMPACT,
  rows: [
    FRAICHEUR,
    [{ question: fraicheur }, { question: executions }],
    [{ question: nuits, span: 6 }, { question: durees }],
    [{ question: inconnus }, { question: nonEvaluees }],
    [{ question: vides }, { question: valeurs }],
    ...limites(
      'Les raisons des statuts inconnus sont dans le compte rendu de chaque exécution, que ce tableau ne montre pas. Une valeur présente n’est pas une valeur juste.',
    ),
  ],
})
