/** La table publiée des rapports VSME : avancement de chaque exigence, d’après les indicateurs remplis. */
import {
  because,
  bigint,
  boolean,
  from,
  integer,
  measure,
  type NumberRange,
  type Numeric,
  numeric,
  rows,
  sql,
  timestamptz,
  varchar,
} from 'vitrine'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { avancementVsme } from '../domain/vsme.ts'
import { EXIGENCES_VSME, type ExigenceVsme } from '../domain/vsme-indicateurs.ts'
import { entreprise } from './entreprise.ts'
import { CLE, EVOLUTION } from './raisons.ts'
import { source } from './register.ts'

/** Les indicateurs dont le contenu décide si d’autres s’appliquent ; pour le reste, seule la présence compte. */
const INDICATEURS_LUS = [
  'B1-24-a',
  'B1-24-c',
  'B1-24-e-i',
  'B1-24-e-v',
  'B1-24-e-vi',
  'B2-26',
  'B3-30-p2',
  'C3-54-p1',
  'C4-57',
]

export const rapports = source
  .selectFrom('vsme_rapportvsme as r')
  .where(({ exists, lit, selectFrom }) =>
    exists(
      selectFrom('habilitations_habilitation as h')
        .whereRef('h.entreprise_id', '=', 'r.entreprise_id')
        .select(lit(1).as('un')),
    ),
  )
  .leftJoinLateral(
    (sub) =>
      sub
        .selectFrom('vsme_indicateur as i')
        .whereRef('i.rapport_vsme_id', '=', 'r.id')
        .select(({ fn, ref, eb }) => [
          fn.max('i.updated_at').as('modifie_le'),
          fn.min('i.created_at').as('premier_le'),
          fn
            .agg<string | null>('json_object_agg', [
              'i.schema_id',
              eb.case().when('i.schema_id', 'in', INDICATEURS_LUS).then(ref('i._data')).end(),
            ])
            // Un ordre fixe, pour que le même rapport donne toujours le même texte.
            .orderBy('i.schema_id')
            .as('contenu'),
        ])
        .as('indicateurs'),
    (join) => join.onTrue(),
  )

const POURCENTAGE: NumberRange = { from: 0, to: 100 }
type Progressions = { readonly [E in ExigenceVsme as `progression_${E}`]: NumberRange }
// sound because the keys are made from the very list of the type.
const PROGRESSIONS = Object.fromEntries(
  EXIGENCES_VSME.map((exigence) => [`progression_${exigence}`, POURCENTAGE]),
) as Progressions

export const vsme = from(rapports).publish(
  'metabase_vsme',
  'Un rapport VSME d’une entreprise et son avancement.',
  ({ ref, fn }) => {
    const avancement = measure(
      { contenu: ref('indicateurs.contenu') },
      {
        estSoumise: 'boolean',
        statut: STATUTS,
        inconnu: RAISONS_INCONNU,
        choixModule: ['base', 'complet'],
        nbIndicateursCompletes: { from: 0, to: 10_000 },
        progression: POURCENTAGE,
        ...PROGRESSIONS,
      },
      ({ contenu }) => avancementVsme(contenu),
      'Des parts et des nombres d’indicateurs remplis, sans leur contenu.',
    )
    const progression = (exigence: ExigenceVsme) =>
      integer(
        avancement.field(`progression_${exigence}`),
        `Avancement de l’exigence ${exigence}, en pour cent`,
      ).nullable()
    return rows(
      { unknown: avancement.field('inconnu') },
      {
        id: bigint(because(ref('r.id'), CLE), 'Identifiant stable : celui du rapport').primaryKey(),
        entreprise_id: bigint(because(ref('r.entreprise_id'), CLE), 'Entreprise concernée').references(
          () => entreprise,
        ),
        est_soumise: boolean(avancement.field('estSoumise'), 'Toujours vrai : la norme est volontaire').nullable(),
        statut: varchar(
          15,
          avancement.field('statut'),
          'A JOUR à 100 %, EN COURS sinon ; vide quand il est inconnu',
        ).nullable(),
        cree_le: timestamptz(because(ref('r.created_at'), EVOLUTION), 'Date de création du rapport'),
        modifie_le: timestamptz(
          because(fn.coalesce('indicateurs.modifie_le', 'r.updated_at'), EVOLUTION),
          'Dernière modification d’un indicateur, ou du rapport',
        ),
        annee_cloture: integer(ref('r.annee'), 'Année de clôture de l’exercice').atLeast(0),
        choix_module: varchar(10, avancement.field('choixModule'), 'Module choisi : base ou complet').nullable(),
        premier_indicateur_cree_le: timestamptz(
          because(ref('indicateurs.premier_le'), EVOLUTION),
          'Création du premier indicateur',
        ).nullable(),
        nb_indicateurs_completes: integer(
          avancement.field('nbIndicateursCompletes'),
          'Nombre d’indicateurs remplis',
        ).nullable(),
        progression: integer(avancement.field('progression'), 'Avancement du rapport, en pour cent').nullable(),
        progression_B1: progression('B1'),
        progression_B2: progression('B2'),
        progression_B3: progression('B3'),
        progression_B4: progression('B4'),
        progression_B5: progression('B5'),
        progression_B6: progression('B6'),
        progression_B7: progression('B7'),
        progression_B8: progression('B8'),
        progression_B9: progression('B9'),
        progression_B10: progression('B10'),
        progression_B11: progression('B11'),
        progression_C1: progression('C1'),
        progression_C2: progression('C2'),
        progression_C3: progression('C3'),
        progression_C4: progression('C4'),
        progression_C5: progression('C5'),
        progression_C6: progression('C6'),
        progression_C7: progression('C7'),
        progression_C8: progression('C8'),
        progression_C9: progression('C9'),
        delai_premier_indicateur_heures: numeric(
          because(
            sql<Numeric | null>`round(cast(extract(epoch from ${ref('indicateurs.premier_le')} - ${ref('r.created_at')}) as numeric) / 3600, 4)`,
            EVOLUTION,
          ),
          'Heures entre l’ouverture du rapport et son premier indicateur',
        ).nullable(),
      },
    )
  },
)
