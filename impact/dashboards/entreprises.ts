/** *Entreprises* : qui vient, d’où, de quelle taille, et qui manque ? Pour le déploiement. */
import { dashboard, question, sql } from 'vitrine'
import { EFFECTIF, FORME, PAYS, TRANCHES_EN_MOTS } from './mots.ts'
import {
  entier,
  FRAICHEUR,
  IMPACT,
  INSCRITES,
  impact,
  jour,
  limites,
  mois,
  partDe,
  SIMULEES,
  TRANCHES,
} from './questions.ts'

const effectif = impact.filter({
  key: 'effectif',
  label: 'Effectif',
  kind: 'list',
  options: TRANCHES,
  names: TRANCHES_EN_MOTS,
  on: { metabase_entreprise: 'effectif' },
})

const arrivee = impact.filter({
  key: 'arrivee',
  label: 'Arrivée',
  kind: 'date',
  on: { metabase_entreprise: 'ajoutee_le' },
})

const inscrite = impact.filter({
  key: 'inscrite',
  label: 'Inscrite',
  kind: 'boolean',
  on: { metabase_entreprise: 'inscrite' },
})

const departement = impact.filter({
  key: 'departement',
  label: 'Département',
  kind: 'text',
  on: { metabase_entreprise: 'departement' },
})

const connues = question({
  key: 'ent-connues',
  title: 'Entreprises connues, inscrites ou simulées',
  description: 'Les simulations, sans utilisateur, comptent parmi elles.',
  query: impact.query({ from: 'metabase_entreprise', measures: { connues: { count: 'rows' } } }),
  display: { kind: 'number', value: 'connues' },
  columns: { connues: { label: 'Entreprises', format: entier } },
})

const arrivees = question({
  key: 'ent-arrivees',
  title: 'Arrivées par mois, et total',
  description: 'Les mois entiers seulement. Le 1er mars et l’automne font des pointes.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: {
      inscrites: { count: 'rows', where: INSCRITES },
      simulees: { count: 'rows', where: SIMULEES },
      total: { cumulative: { count: 'rows' } },
    },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    where: [['ajoutee_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 24,
  }),
  display: { kind: 'combo', x: 'mois', y: ['inscrites', 'simulees', 'total'], lines: ['total'], stack: 'stacked' },
  columns: {
    mois: { label: 'Mois', format: mois },
    inscrites: { label: 'Inscrites', format: entier },
    simulees: { label: 'Simulées', format: entier },
    total: { label: 'Total', format: entier },
  },
})

const parEffectif = question({
  key: 'ent-effectif',
  title: 'Entreprises par tranche d’effectif',
  description: 'Une entreprise sans caractéristiques a un effectif inconnu, et non nul.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { inscrites: { count: 'rows', where: INSCRITES }, simulees: { count: 'rows', where: SIMULEES } },
    by: { effectif: { column: 'effectif', unknown: 'inconnu', order: TRANCHES } },
  }),
  display: { kind: 'bar', x: 'effectif', y: ['inscrites', 'simulees'], stack: 'stacked' },
  columns: {
    effectif: EFFECTIF,
    inscrites: { label: 'Inscrites', format: entier },
    simulees: { label: 'Simulées', format: entier },
  },
})

const formes = question({
  key: 'ent-forme',
  title: 'Formes juridiques',
  description: '« Autre » réunit entre autres les SARL.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: { forme: { column: 'categorie_juridique', unknown: 'inconnue' } },
    order: [['entreprises', 'desc']],
  }),
  display: { kind: 'row', x: 'forme', y: ['entreprises'] },
  columns: { forme: FORME, entreprises: { label: 'Entreprises', format: entier } },
})

const pays = question({
  key: 'ent-pays',
  title: 'Pays du siège, hors de France',
  description: 'Un pays inconnu n’est pas la France.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: { pays: { column: 'pays', unknown: 'inconnu' } },
    where: [['pays', '!=', 'France']],
    order: [['entreprises', 'desc']],
  }),
  display: { kind: 'row', x: 'pays', y: ['entreprises'] },
  columns: { pays: PAYS, entreprises: { label: 'Entreprises', format: entier } },
})

const secteurs = question({
  key: 'ent-secteur',
  title: 'Secteurs d’activité (section NAF)',
  description: 'Les entreprises inscrites, d’après leur activité principale.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: { secteur: { column: 'section_naf', unknown: 'inconnu' } },
    where: INSCRITES,
    order: [['entreprises', 'desc']],
  }),
  display: { kind: 'row', x: 'secteur', y: ['entreprises'] },
  columns: { secteur: { label: 'Secteur' }, entreprises: { label: 'Entreprises', format: entier } },
})

const departements = question({
  key: 'ent-departement',
  title: 'Départements des sièges, les quinze premiers',
  description: 'Les entreprises inscrites. La Corse est entière.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: { departement: { column: 'departement', unknown: 'inconnu' } },
    where: INSCRITES,
    order: [
      ['entreprises', 'desc'],
      ['departement', 'asc'],
    ],
    limit: 15,
  }),
  display: { kind: 'row', x: 'departement', y: ['entreprises'] },
  columns: { departement: { label: 'Département' }, entreprises: { label: 'Entreprises', format: entier } },
})

const qualification = question({
  key: 'ent-qualification',
  title: 'Ancienneté de la dernière qualification',
  description: '« jamais » ne veut pas dire sans obligation : on ne le sait pas.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { entreprises: { count: 'rows' } },
    by: {
      anciennete: {
        age: 'date_derniere_qualification',
        at: [
          [0, 'moins de 3 mois'],
          [91, '3 à 12 mois'],
          [366, '1 à 2 ans'],
          [731, 'plus de 2 ans'],
        ],
        unknown: 'jamais',
      },
    },
    where: INSCRITES,
  }),
  display: { kind: 'bar', x: 'anciennete', y: ['entreprises'] },
  columns: { anciennete: { label: 'Ancienneté' }, entreprises: { label: 'Entreprises', format: entier } },
})

const activation = question({
  key: 'ent-activation',
  title: 'Part des inscrites qualifiées, par mois d’arrivée',
  description: 'Les mois de moins de cinq arrivées ne sont pas montrés ; les petits mois sautent.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: {
      inscrites: { count: 'rows' },
      part_qualifiees: { percent: [['date_derniere_qualification', 'is not null']], of: 'all rows' },
    },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    where: [...INSCRITES, ['ajoutee_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 24,
    smallest: 5,
  }),
  display: { kind: 'line', x: 'mois', y: ['part_qualifiees'] },
  columns: {
    mois: { label: 'Mois', format: mois },
    inscrites: { label: 'Inscrites', format: entier },
    part_qualifiees: { label: 'Part qualifiée', format: partDe('inscrites') },
  },
})

const aRelancer = question({
  key: 'ent-a-relancer',
  title: 'Grandes entreprises inscrites qui ne sont à jour de rien',
  description: 'Une liste d’appels, pour l’équipe. Un statut inconnu n’est pas un retard. BDESE, Index EgaPro et BGES.',
  query: impact.select(({ db, filter }) =>
    db
      .selectFrom('metabase_entreprise as e')
      .innerJoin('metabase_reglementation as r', 'r.entreprise_id', 'e.impact_id')
      .where('r.reglementation', '!=', 'CSRD')
      .where('e.effectif', 'in', ['500-4999', '5000-9999', '10000+'])
      .where(({ ref }) => filter('effectif', ref('e.effectif'), 'metabase_entreprise.effectif'))
      .where(({ ref }) => filter('inscrite', ref('e.inscrite'), 'metabase_entreprise.inscrite'))
      .where(({ ref }) => filter('departement', ref('e.departement'), 'metabase_entreprise.departement'))
      .where(({ ref }) => filter('arrivee', ref('e.ajoutee_le'), 'metabase_entreprise.ajoutee_le'))
      .groupBy(['e.impact_id', 'e.denomination', 'e.siren', 'e.effectif', 'e.date_derniere_qualification'])
      .having(sql<boolean>`bool_or(r.est_soumise) and not coalesce(bool_or(r.statut = 'A JOUR'), false)`)
      .select([
        'e.denomination',
        'e.siren',
        'e.effectif',
        'e.date_derniere_qualification',
        sql<number>`count(*) filter (where r.est_soumise)`.as('obligations'),
      ])
      .orderBy('obligations', 'desc')
      .orderBy(sql`e.date_derniere_qualification desc nulls last`)
      .orderBy('e.impact_id')
      .limit(50),
  ),
  display: { kind: 'table' },
  columns: {
    denomination: { label: 'Dénomination' },
    siren: { label: 'SIREN' },
    effectif: EFFECTIF,
    date_derniere_qualification: { label: 'Dernière qualification', format: jour },
    obligations: { label: 'Obligations', format: entier },
  },
})

export const entreprises = dashboard({
  key: 'entreprises',
  title: 'Entreprises',
  description: 'Qui vient, d’où, de quelle taille, et qui manque ?',
  collection: IMPACT,
  filters: [effectif, inscrite, departement, arrivee],
  rows: [
    FRAICHEUR,
    [{ question: connues, span: 6 }, { question: arrivees }],
    [{ question: parEffectif }, { question: formes }],
    [{ question: pays }, { question: departements }],
    [{ question: secteurs }, { question: qualification }],
    [{ question: activation }],
    [{ question: aRelancer }],
    ...limites(
      'Une entreprise sans utilisateur est une simulation. Les caractéristiques sont celles de la dernière année connue, et restent inconnues tant que personne ne les a saisies.',
    ),
  ],
})
