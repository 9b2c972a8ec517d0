/** La table publiée des analyses de documents par IA : leur volume, sans nom de fichier ni message du serveur. */
import { because, bigint, boolean, category, from, integer, measure, rows, sql, timestamptz, varchar } from 'vitrine'
import { phrasesAnalyseIa } from '../domain/analyse-ia.ts'
import { RAISONS_INCONNU } from '../domain/statuts.ts'
import { TYPES_DE_FICHIER, typeDeFichier } from '../domain/type-fichier.ts'
import { entreprise } from './entreprise.ts'
import { CLE, EVOLUTION } from './raisons.ts'
import { source } from './register.ts'

/**
 * L’entreprise d’une analyse : la sienne, sinon celle du premier rapport CSRD auquel elle est rattachée. Tous les rattachements
 * sont lus en une fois : une jointure coûte moins qu’une recherche par analyse.
 */
const analyses = source
  .selectFrom('analyseia_analyseia as a')
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('entreprises_entreprise_analyses_ia as l')
        .distinctOn('l.analyseia_id')
        .orderBy('l.analyseia_id')
        .orderBy('l.id')
        .select(['l.analyseia_id', 'l.entreprise_id as id'])
        .as('direct'),
    (join) => join.onRef('direct.analyseia_id', '=', 'a.id'),
  )
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('reglementations_rapportcsrd_analyses_ia as l')
        .innerJoin('reglementations_rapportcsrd as r', 'r.id', 'l.rapportcsrd_id')
        .distinctOn('l.analyseia_id')
        .orderBy('l.analyseia_id')
        .orderBy('l.id')
        .select(['l.analyseia_id', 'r.entreprise_id as id'])
        .as('rapport'),
    (join) => join.onRef('rapport.analyseia_id', '=', 'a.id'),
  )
  .innerJoin('entreprises_entreprise as e', (join) =>
    join.on(({ eb, fn, ref }) => eb(ref('e.id'), '=', fn.coalesce('direct.id', 'rapport.id'))),
  )

export const analyseIa = from(analyses).publish(
  'metabase_analyseia',
  'L’analyse d’un document par IA.',
  ({ eb, ref, lit }) => {
    const phrases = measure(
      // Le JSON est stocké comme une chaîne, ou parfois directement comme un objet : dans les deux cas, son texte.
      { resultat: sql<string | null>`${ref('a.resultat_json')} #>> '{}'` },
      {
        nbPhrases: { from: 0, to: 2_147_483_647 },
        nbPhrasesPertinentes: { from: 0, to: 2_147_483_647 },
        inconnu: RAISONS_INCONNU,
      },
      ({ resultat }) => phrasesAnalyseIa(resultat),
      'Des nombres de phrases, sans leur texte.',
    )
    const type = category({ nom: ref('a.nom') }, TYPES_DE_FICHIER, ({ nom }) => typeDeFichier(nom))
    return rows(
      { unknown: phrases.field('inconnu') },
      {
        impact_id: bigint(because(ref('a.id'), CLE), 'Identifiant de l’analyse dans Impact').primaryKey(),
        ajoutee_le: timestamptz(because(ref('a.created_at'), EVOLUTION), 'Date du dépôt'),
        modifiee_le: timestamptz(because(ref('a.updated_at'), EVOLUTION), 'Dernière modification'),
        entreprise_id: bigint(because(ref('e.id'), CLE), 'Entreprise concernée').references(() => entreprise),
        csrd: boolean(
          because(eb('rapport.id', 'is not', null).$castTo<boolean>(), 'Rattachement sans identité.'),
          'L’analyse est rattachée à un rapport CSRD',
        ),
        nom_fichier: varchar(255, type, 'Type du fichier ; son nom n’est plus publié'),
        etat: varchar(144, ref('a.etat'), 'success, error, autre état du serveur ; vide si non commencée').nullable(),
        message: varchar(144, lit(null), 'Toujours vide : les messages du serveur ne sont plus publiés').nullable(),
        nb_phrases: integer(phrases.field('nbPhrases'), 'Nombre de phrases relevées').nullable(),
        nb_phrases_pertinentes: integer(
          phrases.field('nbPhrasesPertinentes'),
          'Nombre de phrases rattachées à une norme ESRS',
        ).nullable(),
      },
    )
  },
)
