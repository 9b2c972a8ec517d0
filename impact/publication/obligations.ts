/**
 * Deux vues sur les tables publiées des quatre réglementations : toutes leurs lignes dans une seule liste, et un bilan par
 * entreprise. Elles sont calculées à la lecture : elles ne copient rien et n’allongent pas la nuit.
 */
import { because, bigint, boolean, from, integer, over, sql, varchar } from 'vitrine'
import type { Conformite, Reglementation } from '../domain/reglementations.ts'
import { bdese } from './bdese.ts'
import { bges } from './bges.ts'
import { csrd } from './csrd.ts'
import { entreprise } from './entreprise.ts'
import { indexEgapro } from './index-egapro.ts'
import { CLE, DESCRIPTION } from './raisons.ts'

const publiees = over(entreprise, bdese, indexEgapro, bges, csrd)

const nommee = (nom: Reglementation) => sql<Reglementation>`${sql.lit(nom)}`.as('reglementation')
const toutes = publiees
  .selectFrom('metabase_bdese')
  .select(['entreprise_id', 'est_soumise', 'statut', nommee('BDESE')])
  .unionAll(
    publiees
      .selectFrom('metabase_indexegapro')
      .select(['entreprise_id', 'est_soumise', 'statut', nommee('Index EgaPro')]),
  )
  .unionAll(publiees.selectFrom('metabase_bges').select(['entreprise_id', 'est_soumise', 'statut', nommee('BGES')]))
  .unionAll(publiees.selectFrom('metabase_csrd').select(['entreprise_id', 'est_soumise', 'statut', nommee('CSRD')]))
  .as('r')

export const reglementation = from(publiees.selectFrom(toutes)).publish(
  'metabase_reglementation',
  'Une réglementation d’une entreprise évaluée : obligation et statut.',
  ({ ref }) => ({
    entreprise_id: bigint(because(ref('r.entreprise_id'), CLE), 'Entreprise concernée')
      .primaryKey()
      .references(() => entreprise),
    reglementation: varchar(20, ref('r.reglementation'), 'BDESE, Index EgaPro, BGES ou CSRD').primaryKey(),
    est_soumise: boolean(
      because(ref('r.est_soumise'), DESCRIPTION),
      'L’entreprise y est soumise ; vide quand on ne le sait pas',
    ).nullable(),
    statut: varchar(
      15,
      because(ref('r.statut'), DESCRIPTION),
      'A ACTUALISER, EN COURS ou A JOUR ; vide si non soumise ou inconnu',
    ).nullable(),
  }),
)

const comptees = publiees
  .selectFrom(toutes)
  .groupBy('r.entreprise_id')
  .select([
    'r.entreprise_id',
    sql<number>`count(*) filter (where r.est_soumise)`.as('nombre'),
    sql<number>`count(*) filter (where r.est_soumise and r.statut = 'A JOUR')`.as('a_jour'),
    sql<number>`count(*) filter (where r.est_soumise and r.statut is null)`.as('inconnues'),
  ])
  .as('n')

export const obligations = from(
  publiees
    .selectFrom('metabase_entreprise as e')
    .leftJoin(comptees, (join) => join.onRef('n.entreprise_id', '=', 'e.impact_id')),
).publish('metabase_obligations', 'Ce que les réglementations demandent ensemble à une entreprise.', ({ ref }) => ({
  entreprise_id: bigint(because(ref('e.impact_id'), CLE), 'Entreprise concernée')
    .primaryKey()
    .references(() => entreprise),
  nombre_obligations: integer(
    because(ref('n.nombre'), DESCRIPTION),
    'Réglementations auxquelles elle est soumise ; vide quand aucune n’est évaluée',
  ).nullable(),
  nombre_a_jour: integer(because(ref('n.a_jour'), DESCRIPTION), 'Celles au statut A JOUR').nullable(),
  nombre_inconnues: integer(because(ref('n.inconnues'), DESCRIPTION), 'Celles au statut inconnu').nullable(),
  obligations_a_jour: varchar(
    8,
    because(
      sql<Conformite | null>`case when n.nombre = 0 then null when n.inconnues > 0 then 'inconnue' when n.a_jour = n.nombre then 'toutes'
          when n.a_jour > 0 then 'partie' when n.nombre > 0 then 'aucune' end`,
      DESCRIPTION,
    ),
    'De ses obligations : toutes, partie, aucune, ou inconnue si un statut l’est ; vide sans obligation',
  ).nullable(),
}))
