/** La table publiée des exigences VSME : une ligne par rapport et par exigence, sans avancement quand rien ne s’applique. */
import { because, bigint, from, integer, measure, rows, sql, varchar } from 'vitrine'
import { avancementExigence } from '../domain/vsme.ts'
import { EXIGENCES_VSME, type ExigenceVsme, INDICATEURS_VSME } from '../domain/vsme-indicateurs.ts'
import { entreprise } from './entreprise.ts'
import { CLE } from './raisons.ts'
import { rapports, vsme } from './vsme.ts'

const exigences = sql<{ exigence: ExigenceVsme }>`(values ${sql.join(
  EXIGENCES_VSME.map((exigence) => sql`(${sql.lit(exigence)})`),
)})`.as<'x'>(sql`x(exigence)`)

const AU_PLUS = Math.max(...Object.values(INDICATEURS_VSME).map(({ length }) => length))

export const vsmeExigence = from(rapports.innerJoinLateral(exigences, (join) => join.onTrue())).publish(
  'metabase_vsme_exigence',
  'Une exigence d’un rapport VSME : ce qui s’y applique, et ce qui est rempli.',
  ({ ref }) => {
    const avancement = measure(
      { contenu: ref('indicateurs.contenu'), exigence: ref('x.exigence') },
      {
        applicables: { from: 0, to: AU_PLUS },
        completes: { from: 0, to: AU_PLUS },
        progression: { from: 0, to: 100 },
      },
      ({ contenu, exigence }) => avancementExigence(contenu, exigence),
      'Des parts et des nombres d’indicateurs remplis, sans leur contenu.',
    )
    return rows(
      {},
      {
        rapport_id: bigint(because(ref('r.id'), CLE), 'Rapport')
          .primaryKey()
          .references(() => vsme),
        entreprise_id: bigint(because(ref('r.entreprise_id'), CLE), 'Entreprise concernée').references(
          () => entreprise,
        ),
        exigence: varchar(
          3,
          ref('x.exigence'),
          'Exigence : B1 à B11 du module de base, C1 à C9 du module complet',
        ).primaryKey(),
        applicables: integer(
          avancement.field('applicables'),
          'Indicateurs qui s’appliquent ; vide quand une réponse qui en décide ne se lit pas',
        ).nullable(),
        completes: integer(
          avancement.field('completes'),
          'Ceux d’entre eux qui sont remplis ; vide quand rien ne s’applique',
        ).nullable(),
        progression: integer(
          avancement.field('progression'),
          'Leur part, en pour cent ; vide quand rien ne s’applique',
        ).nullable(),
      },
    )
  },
)
