/** *Réglementations* : qui est soumis, qui est en règle, où ça bloque ? Pour le produit, la DGE et les juristes. */
import { dashboard, question, sql } from 'vitrine'
import { ETAPES_CSRD } from '../domain/csrd.ts'
import { entier, FRAICHEUR, IMPACT, impact, limites, mois, partDe, TRANCHES } from './questions.ts'
import { reglementations as toutes } from './reglementations-communes.ts'

const situation = question({
  key: 'reg-situation',
  title: 'Situation des entreprises évaluées, par réglementation',
  description: 'Sans ligne, on n’en sait pas assez : ce n’est pas « non soumise ».',
  query: impact.select((sources) =>
    sources.db
      .selectFrom(toutes(sources))
      .groupBy('r.reglementation')
      .select([
        'r.reglementation',
        sql<number>`count(*) filter (where r.statut = 'A JOUR')`.as('a_jour'),
        sql<number>`count(*) filter (where r.statut = 'EN COURS')`.as('en_cours'),
        sql<number>`count(*) filter (where r.statut = 'A ACTUALISER')`.as('a_actualiser'),
        sql<number>`count(*) filter (where r.est_soumise is null or (r.est_soumise and r.statut is null))`.as(
          'inconnue',
        ),
        sql<number>`count(*) filter (where not r.est_soumise)`.as('non_soumise'),
      ])
      .orderBy('r.reglementation'),
  ),
  display: {
    kind: 'bar',
    x: 'reglementation',
    y: ['a_jour', 'en_cours', 'a_actualiser', 'inconnue', 'non_soumise'],
    stack: 'normalized',
  },
  columns: {
    reglementation: { label: 'Réglementation' },
    a_jour: { label: 'À jour', format: entier },
    en_cours: { label: 'En cours', format: entier },
    a_actualiser: { label: 'À actualiser', format: entier },
    inconnue: { label: 'Inconnue', format: entier },
    non_soumise: { label: 'Non soumise', format: entier },
  },
})

const obligations = question({
  key: 'reg-obligations',
  title: 'Nombre d’obligations par entreprise évaluée',
  description: 'Parmi la BDESE, l’Index EgaPro, le BGES et la CSRD.',
  query: impact.select((sources) => {
    const parEntreprise = sources.db
      .selectFrom(toutes(sources))
      .groupBy('r.entreprise_id')
      .select(sql<number>`count(*) filter (where r.est_soumise)`.as('obligations'))
      .as('o')
    return sources.db
      .selectFrom(parEntreprise)
      .groupBy('o.obligations')
      .select(['o.obligations', sql<number>`count(*)`.as('entreprises')])
      .orderBy('o.obligations')
  }),
  display: { kind: 'bar', x: 'obligations', y: ['entreprises'] },
  columns: { obligations: { label: 'Obligations' }, entreprises: { label: 'Entreprises', format: entier } },
})

const conformite = question({
  key: 'reg-conformite',
  title: 'Entreprises soumises : à jour de tout, en partie, de rien',
  description: 'Une entreprise dont un statut est inconnu est à part.',
  query: impact.select((sources) => {
    const parEntreprise = sources.db
      .selectFrom(toutes(sources))
      .where('r.est_soumise', '=', true)
      .groupBy('r.entreprise_id')
      .select([
        sql<number>`count(*)`.as('soumises'),
        sql<number>`count(*) filter (where r.statut = 'A JOUR')`.as('a_jour'),
        sql<number>`count(*) filter (where r.statut is null)`.as('inconnues'),
      ])
      .as('c')
    return sources.db
      .selectFrom(parEntreprise)
      .groupBy(sql`1`)
      .select([
        sql<string>`case when c.inconnues > 0 then 'Inconnu pour une au moins' when c.a_jour = c.soumises then 'De toutes' when c.a_jour > 0 then 'D’une partie' else 'D’aucune' end`.as(
          'conformite',
        ),
        sql<number>`count(*)`.as('entreprises'),
      ])
      .orderBy('entreprises', 'desc')
      .limit(4)
  }),
  display: { kind: 'pie', label: 'conformite', value: 'entreprises' },
  columns: { conformite: { label: 'À jour' }, entreprises: { label: 'Entreprises', format: entier } },
})

const egaproParTaille = question({
  key: 'reg-taille',
  title: 'Index EgaPro : part à jour, par effectif',
  description: 'Parmi les entreprises soumises au statut connu ; les tranches de moins de cinq ne sont pas montrées.',
  query: impact.query({
    from: 'metabase_indexegapro',
    measures: {
      connues: { count: 'rows', where: [['statut', 'is not null']] },
      part_a_jour: { percent: [['statut', '=', 'A JOUR']], of: [['statut', 'is not null']] },
    },
    by: { effectif: { column: 'entreprise_id.effectif', unknown: 'inconnu', order: TRANCHES } },
    where: [['est_soumise', '=', true]],
    smallest: 5,
  }),
  display: { kind: 'bar', x: 'effectif', y: ['part_a_jour'] },
  columns: {
    effectif: { label: 'Effectif' },
    connues: { label: 'Statut connu', format: entier },
    part_a_jour: { label: 'Part à jour', format: partDe('connues') },
  },
})

const bdeseParAccord = question({
  key: 'reg-bdese-type',
  title: 'BDESE : avec ou sans accord d’entreprise',
  description: 'Avec un accord, une BDESE n’est jamais « en cours ».',
  query: impact.query({
    from: 'metabase_bdese',
    measures: { entreprises: { count: 'rows' } },
    by: {
      accord: {
        cases: [
          ['Avec accord', [['entreprise_id.bdese_accord', '=', true]]],
          ['Sans accord', [['entreprise_id.bdese_accord', '=', false]]],
        ],
        otherwise: 'Inconnu',
      },
      statut: { column: 'statut', unknown: 'inconnu' },
    },
    where: [
      ['est_soumise', '=', true],
      ['statut', 'is not null'],
    ],
  }),
  display: { kind: 'bar', x: 'accord', y: ['entreprises'], series: 'statut', stack: 'stacked' },
  columns: {
    accord: { label: 'Accord' },
    statut: { label: 'Statut' },
    entreprises: { label: 'Entreprises', format: entier },
  },
})

const NOMS_DES_ETAPES = {
  introduction: 'Introduction',
  'selection-enjeux': 'Sélection des enjeux',
  'analyse-materialite': 'Analyse de matérialité',
  'selection-informations': 'Sélection des informations',
  'analyse-ecart': 'Analyse d’écart',
  'redaction-rapport-durabilite': 'Rédaction',
} as const

const csrdParEtape = question({
  key: 'reg-csrd-etapes',
  title: 'CSRD : étape atteinte par le rapport le plus récent',
  description: 'Une étape compte les rapports qui l’ont validée, ou une étape suivante.',
  query: impact.funnel({
    from: 'metabase_csrd',
    step: 'etape',
    value: 'rapports',
    steps: ETAPES_CSRD.map(
      (etape, rang) => [NOMS_DES_ETAPES[etape], [['etape_validee', 'in', ETAPES_CSRD.slice(rang)]]] as const,
    ),
  }),
  display: { kind: 'funnel', step: 'etape', value: 'rapports' },
  columns: { etape: { label: 'Étape' }, rapports: { label: 'Rapports', format: entier } },
})

const csrdEnjeux = question({
  key: 'reg-csrd-enjeux',
  title: 'CSRD : enjeux dont la matérialité est décidée',
  description: 'Parmi les rapports commencés ou terminés.',
  query: impact.query({
    from: 'metabase_csrd',
    measures: { entreprises: { count: 'rows' } },
    by: {
      enjeux: {
        band: 'nb_iro_selectionnes',
        at: [
          [0, '0'],
          [1, '1 à 10'],
          [11, '11 à 30'],
          [31, '31 et plus'],
        ],
      },
    },
    where: [['statut', 'in', ['EN COURS', 'A JOUR']]],
  }),
  display: { kind: 'bar', x: 'enjeux', y: ['entreprises'] },
  columns: { enjeux: { label: 'Enjeux décidés' }, entreprises: { label: 'Entreprises', format: entier } },
})

const analysesIa = question({
  key: 'reg-ia',
  title: 'Analyses de documents par IA, par mois et par issue',
  description: 'La part pertinente est celle des phrases rattachées à une norme ESRS.',
  query: impact.query({
    from: 'metabase_analyseia',
    measures: {
      reussies: { count: 'rows', where: [['etat', '=', 'success']] },
      en_erreur: { count: 'rows', where: [['etat', '=', 'error']] },
      non_commencees: { count: 'rows', where: [['etat', 'is null']] },
      autres: {
        count: 'rows',
        where: [
          ['etat', 'not in', ['success', 'error']],
          ['etat', 'is not null'],
        ],
      },
      part_pertinente: { ratio: ['nb_phrases_pertinentes', 'nb_phrases'], unknown: 'left out' },
    },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    order: [['mois', 'desc']],
    limit: 12,
  }),
  display: { kind: 'bar', x: 'mois', y: ['reussies', 'en_erreur', 'non_commencees', 'autres'], stack: 'stacked' },
  columns: {
    mois: { label: 'Mois', format: mois },
    reussies: { label: 'Réussies', format: entier },
    en_erreur: { label: 'En erreur', format: entier },
    non_commencees: { label: 'Non commencées', format: entier },
    autres: { label: 'Autres', format: entier },
    part_pertinente: { label: 'Part pertinente', format: { kind: 'percent', decimals: 1 } },
  },
})

export const reglementations = dashboard({
  key: 'reglementations',
  title: 'Réglementations',
  description: 'Qui est soumis, qui est en règle, où ça bloque ?',
  collection: IMPACT,
  rows: [
    FRAICHEUR,
    [{ question: situation }, { question: obligations }],
    [{ question: conformite }, { question: egaproParTaille }],
    [{ question: bdeseParAccord }, { question: csrdParEtape }],
    [{ question: csrdEnjeux }, { question: analysesIa }],
    ...limites(
      'Un statut inconnu a sa couleur, et n’entre dans aucun dénominateur. Sans ligne, on n’en sait pas assez sur l’entreprise : cela ne veut pas dire qu’elle n’est pas soumise. Les règles appliquées sont celles de l’application au jour des données.',
    ),
  ],
})
