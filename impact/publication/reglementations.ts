/** La table publiée de toutes les réglementations : une ligne par entreprise évaluée et par réglementation qui l’évalue. */
import { because, bigint, compute, from, type Indirect, rows, sql, varchar } from 'vitrine'
import { REGLEMENTATIONS, type Reglementation, resultatDe } from '../domain/obligations.ts'
import { STATUTS } from '../domain/statuts.ts'
import { entreprise } from './entreprise.ts'
import { entreesDesRegles, lectures } from './obligations.ts'
import { CLE } from './raisons.ts'
import { source } from './register.ts'
import { soumissionEtStatut } from './reglementation.ts'

/** Les quatre réglementations l’une après l’autre ; les raisons d’un inconnu sont comptées dans la table de chacune. */
export const reglementation = from(
  source
    .selectFrom(lectures.as('o'))
    .innerJoinLateral(
      sql<{ rang: number; nom: Reglementation }>`(values ${sql.join(
        REGLEMENTATIONS.map((nom, rang) => sql`(${sql.lit(rang + 1)}, ${sql.lit(nom)})`),
      )})`.as<'r'>(sql`r(rang, nom)`),
      (join) => join.onTrue(),
    ),
).publish(
  'metabase_reglementation',
  'Une réglementation d’une entreprise évaluée : obligation et statut.',
  ({ ref }) => {
    const regle = compute({ ...entreesDesRegles, nom: ref('r.nom') }, ({ nom, ...entree }) => {
      const resultat = resultatDe(nom, entree)
      return {
        publiee: resultat !== null,
        estSoumise: resultat?.estSoumise ?? null,
        statut: resultat?.statut ?? null,
      }
    })
    return rows(
      { keep: regle.field('publiee') },
      {
        id: bigint(
          because(sql<Indirect<bigint>>`${ref('o.id')} * 10 + ${ref('r.rang')}`, CLE),
          'Identifiant stable : celui de l’entreprise, puis le rang de la réglementation',
        ).primaryKey(),
        entreprise_id: bigint(because(ref('o.id'), CLE), 'Entreprise concernée').references(() => entreprise),
        reglementation: varchar(20, ref('r.nom'), 'BDESE, Index EgaPro, BGES ou CSRD'),
        ...soumissionEtStatut(regle.field('estSoumise'), regle.field('statut', STATUTS)),
      },
    )
  },
)
