/** Les questions du tableau *Qualité des données* sur les exécutions : quand les tables ont été publiées, et ce qui a échoué. */
import { question, sql } from 'vitrine'
import { donnees } from '../publication/donnees.ts'
import { entier, impact, instant, jour } from './questions.ts'

export const executions = question({
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

export const durees = question({
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

export const dernierEchec = question({
  key: 'qua-dernier-echec',
  title: 'Le dernier échec',
  description: 'Son code mène à ce qu’il faut faire : guide d’exploitation, « Quand un passage échoue ».',
  query: impact.listing({
    from: 'metabase_executions',
    columns: { debut: 'debut', code_erreur: 'code_erreur', origine: 'origine' },
    where: [['etat', '=', 'échouée']],
    order: [['debut', 'desc']],
    limit: 1,
  }),
  display: { kind: 'table' },
  columns: {
    debut: { label: 'Début', format: instant },
    code_erreur: { label: 'Code d’erreur' },
    origine: { label: 'Origine' },
  },
})

export const derniereComplete = question({
  key: 'qua-derniere-complete',
  title: 'Jours depuis la dernière publication complète',
  description:
    'Celle qui a relu toutes les tables. Plus d’un jour : des nuits ont manqué, ou n’ont relu qu’une partie.',
  query: impact.select(({ db, day }) =>
    db
      .selectFrom('metabase_executions as r')
      .where('r.etat', '=', 'réussie')
      .where('r.origine', '!=', 'retour')
      .where(({ eb, selectFrom }) =>
        eb('r.nombre_tables', '>=', selectFrom('metabase_fraicheur as f').select(sql<bigint>`count(*)`.as('tables'))),
      )
      .select([
        sql<number>`${day('metabase_executions')} - cast(max(timezone(${sql.lit(donnees.zone)}, r.donnees_du)) as date)`.as(
          'jours',
        ),
        sql<Date>`max(r.donnees_du)`.as('derniere'),
      ]),
  ),
  display: { kind: 'number', value: 'jours' },
  columns: { jours: { label: 'Jours', format: entier }, derniere: { label: 'Dernière', format: instant } },
})

export const nuits = question({
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
