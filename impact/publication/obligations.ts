/**
 * Ce que les quatre règles lisent d’une entreprise évaluée, en une ligne : la table des réglementations en publie une par
 * réglementation, celle des entreprises en publie des nombres.
 */
import { because, count, type Expression, type LocalDate, runDay, runYear, sql } from 'vitrine'
import { evaluees, ZONE } from './population.ts'
import { DESCRIPTION } from './raisons.ts'
import { source } from './register.ts'

/** Officiel : sans propriétaire. L’année attendue est la précédente, quel que soit l’exercice de l’entreprise. */
export const documentsBdese = evaluees
  .leftJoin('reglementations_bdese_300 as plus', (join) =>
    join
      .onRef('plus.entreprise_id', '=', 'e.id')
      .on('plus.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('plus.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )
  .leftJoin('reglementations_bdese_50_300 as moins', (join) =>
    join
      .onRef('moins.entreprise_id', '=', 'e.id')
      .on('moins.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('moins.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )
  .leftJoin('reglementations_bdeseavecaccord as accord', (join) =>
    join
      .onRef('accord.entreprise_id', '=', 'e.id')
      .on('accord.user_id', 'is', null)
      .on(({ eb, ref }) => eb(ref('accord.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )

/** L’année du dernier bilan de chaque entreprise, par SIREN. */
export const dernierBilan = source
  .selectFrom('feeds_bges as bilan')
  .groupBy('bilan.siren')
  .select(({ fn }) => [
    'bilan.siren',
    sql<number | null>`cast(extract(year from ${fn.max('bilan.dt_publication')}) as integer)`.as('annee'),
  ])
  .as('dernier')

/** Rien dans la base n’interdit deux rapports officiels la même année : leur nombre est compté, la règle en juge. */
export const rapportsOfficiels = source
  .selectFrom('reglementations_rapportcsrd as r')
  .where('r.proprietaire_id', 'is', null)
  .where(({ eb, ref }) => eb(ref('r.annee'), '=', runYear(ZONE)))
  .groupBy('r.entreprise_id')
  .select(({ fn }) => [
    'r.entreprise_id',
    count().as('nombre'),
    fn.max('r.lien_rapport').as('lien'),
    fn<boolean | null>('bool_and', ['r.bloque']).as('bloque'),
  ])
  .as('officiel')

/** Une ligne par entreprise évaluée. */
export const lectures = documentsBdese
  .leftJoin('feeds_egapro as egapro', (join) =>
    join
      .onRef('egapro.siren', '=', 'e.siren')
      .on(({ eb, ref }) => eb(ref('egapro.annee'), '=', eb(runYear(ZONE), '-', 1))),
  )
  .leftJoin('feeds_releve as releve', (join) => join.on('releve.source', '=', 'bges'))
  .leftJoin(dernierBilan, (join) => join.onRef('dernier.siren', '=', 'e.siren'))
  .leftJoin(rapportsOfficiels, (join) => join.onRef('officiel.entreprise_id', '=', 'e.id'))
  .select(({ ref, fn, lit }) => [
    'e.id',
    'c.effectif',
    'c.bdese_accord as bdeseAccord',
    'accord.is_complete as accordComplet',
    'moins.completion_steps as etapes50A300',
    'plus.completion_steps as etapes300',
    'egapro.etat as etatEgapro',
    sql<number | null>`${runDay(ZONE)} - cast(timezone(${sql.lit(ZONE)}, ${ref('egapro.releve_le')}) as date)`.as(
      'joursDepuisReleve',
    ),
    'c.effectif_outre_mer as effectifOutreMer',
    'releve.etat as etatBges',
    'dernier.annee as anneeDernierBilan',
    'c.date_cloture_exercice as dateClotureExercice',
    'e.categorie_juridique_sirene as categorieJuridique',
    'e.code_pays_etranger_sirene as codePays',
    'e.est_cotee as estCotee',
    'e.est_interet_public as estInteretPublic',
    'e.appartient_groupe as appartientGroupe',
    'e.est_societe_mere as estSocieteMere',
    'e.comptes_consolides as comptesConsolides',
    'c.effectif_securite_sociale as effectifSecuriteSociale',
    'c.effectif_groupe as effectifGroupe',
    'c.tranche_bilan as trancheBilan',
    'c.tranche_chiffre_affaires as trancheChiffreAffaires',
    'c.tranche_bilan_consolide as trancheBilanConsolide',
    'c.tranche_chiffre_affaires_consolide as trancheChiffreAffairesConsolide',
    fn.coalesce('officiel.nombre', lit(0)).as('nombreOfficiels'),
    'officiel.lien as lienOfficiel',
    'officiel.bloque as bloqueOfficiel',
  ])

type Lecture = Awaited<ReturnType<typeof lectures.executeTakeFirstOrThrow>>
const de = <K extends keyof Lecture & string>(nom: K) => sql.ref<Lecture[K]>(`o.${nom}`) as Expression<Lecture[K]>

const categorieJuridique: Expression<number | null> = because(de('categorieJuridique'), DESCRIPTION)
/** Les entrées des règles, la requête étant nommée `o`. */
export const entreesDesRegles = {
  effectif: de('effectif'),
  bdeseAccord: de('bdeseAccord'),
  accordComplet: de('accordComplet'),
  etapes50A300: de('etapes50A300'),
  etapes300: de('etapes300'),
  etatEgapro: de('etatEgapro'),
  joursDepuisReleve: de('joursDepuisReleve'),
  effectifOutreMer: de('effectifOutreMer'),
  etatBges: de('etatBges'),
  anneeDernierBilan: de('anneeDernierBilan'),
  dateClotureExercice: de('dateClotureExercice'),
  categorieJuridique,
  codePays: de('codePays'),
  estCotee: de('estCotee'),
  estInteretPublic: de('estInteretPublic'),
  appartientGroupe: de('appartientGroupe'),
  estSocieteMere: de('estSocieteMere'),
  comptesConsolides: de('comptesConsolides'),
  effectifSecuriteSociale: de('effectifSecuriteSociale'),
  effectifGroupe: de('effectifGroupe'),
  trancheBilan: de('trancheBilan'),
  trancheChiffreAffaires: de('trancheChiffreAffaires'),
  trancheBilanConsolide: de('trancheBilanConsolide'),
  trancheChiffreAffairesConsolide: de('trancheChiffreAffairesConsolide'),
  nombreOfficiels: de('nombreOfficiels'),
  lienOfficiel: de('lienOfficiel'),
  bloqueOfficiel: de('bloqueOfficiel'),
  aujourdhui: runDay(ZONE) as Expression<LocalDate>,
}
