/** *Pilotage* : le service remplit-il sa mission, et dans quel sens va-t-il ? Pour toute l’équipe, chaque semaine. */
import { dashboard, freshnessQuery, type LocalDate, question, sql } from 'vitrine'
import { entier, FRAICHEUR, IMPACT, INSCRITES, impact, jour, limites, mois, partDe, pourcent } from './questions.ts'

const tauxAJour = impact.indicator({
  title: 'Part des réglementations à jour',
  definition:
    'Parmi les couples (entreprise, réglementation) au statut connu, la part de ceux qui sont à jour ; BDESE, Index EgaPro et BGES seulement.',
  unit: '%',
  from: 'metabase_stats',
  measure: { ratio: ['reglementations_a_jour', 'reglementations_statut_connu'] },
})

/** Les comptes actifs : la même définition partout où il en est question. */
export const actifs = impact.indicator({
  title: 'Comptes connectés ces 30 derniers jours',
  definition: 'Les comptes dont la dernière connexion date de 30 jours au plus avant le jour des données.',
  unit: 'comptes',
  from: 'metabase_utilisateur',
  measure: { count: 'rows', where: [['connecte_le', 'within', { last: 30, unit: 'day' }]] },
})

const taux = question({
  key: 'pil-taux',
  audience: 'public',
  title: 'Part des réglementations à jour',
  description: `${tauxAJour.definition} L’équipe n’a pas encore fixé d’objectif : la barre va jusqu’à 100 %.`,
  query: impact.query({
    from: 'metabase_stats',
    measures: { part_a_jour: tauxAJour },
    by: { jour: { time: 'date', unit: 'day' } },
    order: [['jour', 'desc']],
    limit: 1,
  }),
  display: { kind: 'progress', value: 'part_a_jour', goal: 100 },
  columns: { part_a_jour: { label: 'Part à jour', format: pourcent }, jour: { label: 'Jour', format: jour } },
})

const aJour = question({
  key: 'pil-a-jour',
  title: 'Réglementations à jour, comparées à il y a 30 jours',
  description: 'Un nombre de couples (entreprise, réglementation). À comparer avec prudence après un 1er janvier.',
  query: impact.select(({ db }) => {
    const dernier = db.selectFrom('metabase_stats as d').select(({ fn }) => fn.max('d.date').as('date'))
    const avant = db
      .selectFrom('metabase_stats as a')
      .where('a.date', '<=', sql<LocalDate>`${dernier} - 30`)
      .select(({ fn }) => fn.max('a.date').as('date'))
    return db
      .selectFrom('metabase_stats as s')
      .where(({ eb, or }) => or([eb('s.date', '=', dernier), eb('s.date', '=', avant)]))
      .select(['s.date as jour', 's.reglementations_a_jour as a_jour'])
      .orderBy('jour')
  }),
  display: { kind: 'trend', time: 'jour', value: 'a_jour' },
  columns: { a_jour: { label: 'À jour', format: entier }, jour: { label: 'Jour', format: jour } },
})

const semaine = sql`date_trunc('week', cast(s.date as timestamp))`

const historique = question({
  key: 'pil-historique',
  audience: 'public',
  title: 'Réglementations à jour et au statut connu, semaine par semaine',
  description: 'Le dernier jour de chaque semaine. Le nombre connu baisse quand une source externe est en panne.',
  query: impact.select(({ db }) =>
    db
      .selectFrom('metabase_stats as s')
      .distinctOn(semaine)
      .select([
        's.date as jour',
        's.reglementations_a_jour as a_jour',
        's.reglementations_statut_connu as statut_connu',
      ])
      .orderBy(semaine)
      .orderBy('s.date', 'desc'),
  ),
  display: { kind: 'line', x: 'jour', y: ['a_jour', 'statut_connu'] },
  columns: {
    jour: { label: 'Semaine', format: jour },
    a_jour: { label: 'À jour', format: entier },
    statut_connu: { label: 'Statut connu', format: entier },
  },
})

const tauxHistorique = question({
  key: 'pil-taux-historique',
  title: 'Part à jour, semaine par semaine',
  description: 'Elle baisse chaque 1er janvier : l’année regardée change.',
  query: impact.select(({ db }) =>
    db
      .selectFrom('metabase_stats as s')
      .distinctOn(semaine)
      .select([
        's.date as jour',
        's.reglementations_statut_connu as statut_connu',
        sql<number>`round(100.0 * s.reglementations_a_jour / nullif(s.reglementations_statut_connu, 0), 1)`.as('part'),
      ])
      .orderBy(semaine)
      .orderBy('s.date', 'desc'),
  ),
  display: { kind: 'line', x: 'jour', y: ['part'] },
  columns: {
    jour: { label: 'Semaine', format: jour },
    part: { label: 'Part à jour', format: partDe('statut_connu') },
    statut_connu: { label: 'Statut connu', format: entier },
  },
})

const inscrites = question({
  key: 'pil-inscrites',
  audience: 'public',
  title: 'Entreprises inscrites',
  description: 'Les entreprises auxquelles au moins un compte est rattaché.',
  query: impact.query({ from: 'metabase_entreprise', measures: { inscrites: { count: 'rows' } }, where: INSCRITES }),
  display: { kind: 'number', value: 'inscrites' },
  columns: { inscrites: { label: 'Inscrites', format: entier } },
})

const nouvelles = question({
  key: 'pil-nouvelles',
  title: 'Entreprises inscrites ajoutées, dernier mois complet',
  description: 'Sans les simulations. Les mois d’été sont plus calmes.',
  query: impact.query({
    from: 'metabase_entreprise',
    measures: { inscrites: { count: 'rows' } },
    by: { mois: { time: 'ajoutee_le', unit: 'month' } },
    where: [...INSCRITES, ['ajoutee_le', 'complete', 'month']],
    order: [['mois', 'desc']],
    limit: 13,
  }),
  display: { kind: 'trend', time: 'mois', value: 'inscrites' },
  columns: { mois: { label: 'Mois', format: mois }, inscrites: { label: 'Inscrites', format: entier } },
})

const comptesActifs = question({
  key: 'pil-actifs',
  title: actifs.title,
  description: `${actifs.definition} Seule la dernière connexion est connue : le passé ne se recalcule pas.`,
  query: impact.query({ from: 'metabase_utilisateur', measures: { actifs } }),
  display: { kind: 'number', value: 'actifs' },
  columns: { actifs: { label: 'Comptes actifs', format: entier } },
})

const parReglementation = question({
  key: 'pil-par-reglementation',
  audience: 'public',
  title: 'Part des entreprises soumises qui sont à jour, par réglementation',
  description: 'Parmi les entreprises soumises dont le statut est connu.',
  query: impact.query({
    from: 'metabase_reglementation',
    measures: {
      part: { percent: [['statut', '=', 'A JOUR']], of: [['statut', 'is not null']] },
      statut_connu: { count: 'rows', where: [['statut', 'is not null']] },
    },
    by: { reglementation: 'reglementation' },
    where: [['est_soumise', '=', true]],
    order: [['part', 'desc']],
  }),
  display: { kind: 'row', x: 'reglementation', y: ['part'] },
  columns: {
    reglementation: { label: 'Réglementation' },
    part: { label: 'Part à jour', format: partDe('statut_connu') },
    statut_connu: { label: 'Statut connu', format: entier },
  },
})

const entonnoir = question({
  key: 'pil-entonnoir',
  title: 'De l’entreprise connue à l’entreprise en règle',
  description:
    'Des entreprises à un même jour, et non une cohorte. La dernière étape compte la CSRD ; un statut inconnu n’y est pas à jour.',
  query: impact.funnel({
    from: 'metabase_obligations',
    step: 'etape',
    value: 'nombre',
    steps: [
      ['Connues', []],
      ['Inscrites', [['entreprise_id.nombre_utilisateurs', '>', 0]]],
      ['Évaluées', [['nombre_obligations', 'is not null']]],
      ['Soumises à une réglementation', [['nombre_obligations', '>', 0]]],
      ['À jour d’au moins une', [['nombre_a_jour', '>', 0]]],
      ['À jour de toutes', [['obligations_a_jour', '=', 'toutes']]],
    ],
  }),
  display: { kind: 'funnel', step: 'etape', value: 'nombre' },
  columns: { etape: { label: 'Étape' }, nombre: { label: 'Entreprises', format: entier } },
})

const activite = question({
  key: 'pil-activite',
  title: 'Entreprises inscrites et comptes actifs, semaine par semaine',
  description:
    'Le plus haut de chaque semaine entière. Les jours d’avant ces colonnes n’ont pas de valeur, ce qui n’est pas zéro.',
  query: impact.query({
    from: 'metabase_stats',
    measures: {
      inscrites: { max: 'entreprises_inscrites', unknown: 'left out' },
      actifs: { max: 'comptes_actifs_30j', unknown: 'left out' },
    },
    by: { semaine: { time: 'date', unit: 'week' } },
    where: [
      ['date', 'complete', 'week'],
      ['entreprises_inscrites', 'is not null'],
    ],
  }),
  display: { kind: 'line', x: 'semaine', y: ['inscrites', 'actifs'] },
  columns: {
    semaine: { label: 'Semaine', format: jour },
    inscrites: { label: 'Inscrites', format: entier },
    actifs: { label: 'Comptes actifs', format: entier },
  },
})

const fraicheur = question({
  key: 'pil-fraicheur',
  title: 'Âge des données, en heures',
  description: 'Au-delà de 26 heures, une nuit a manqué.',
  query: freshnessQuery('heures', 'hours'),
  display: { kind: 'number', value: 'heures' },
  columns: { heures: { label: 'Heures', format: { kind: 'number', decimals: 1, suffix: ' h' } } },
})

export const pilotage = dashboard({
  key: 'pilotage',
  title: 'Pilotage',
  description: 'Le service remplit-il sa mission, et dans quel sens va-t-il ?',
  collection: IMPACT,
  rows: [
    FRAICHEUR,
    [{ question: taux }, { question: aJour }, { question: fraicheur }],
    [{ question: inscrites }, { question: nouvelles }, { question: comptesActifs }],
    [{ question: historique }, { question: tauxHistorique }],
    [{ question: activite }],
    [{ question: parReglementation }, { question: entonnoir }],
    ...limites(
      'La part à jour compte la BDESE, l’Index EgaPro et le BGES, sans la CSRD ni la VSME. Elle ne porte que sur les statuts connus : un statut inconnu n’est pas un retard. Les jours sont ceux de Paris, sauf la dernière connexion, qui est un jour UTC.',
    ),
  ],
})

/** Le tableau que tout le monde peut voir : sans filtre, sans entreprise et sans petit groupe. */
export const statistiques = dashboard({
  key: 'statistiques',
  title: 'Statistiques publiques',
  description: 'Que change Impact pour les entreprises ?',
  collection: IMPACT,
  audience: 'public',
  rows: [
    FRAICHEUR,
    [{ question: taux }, { question: inscrites }],
    [{ question: historique }],
    [{ question: parReglementation }],
    ...limites(
      'La part à jour ne porte que sur les entreprises inscrites dont le statut est connu. Elle baisse chaque 1er janvier, quand l’année regardée change. La CSRD et la VSME n’y comptent pas.',
    ),
  ],
})
