/** La table publiée de la CSRD : obligation, statut du rapport officiel de l’année, avancement du rapport le plus récent. */
import { because, boolean, compute, count, from, integer, rows, runYear, text } from 'vitrine'
import { csrd as evaluer } from '../domain/csrd.ts'
import { estSuffisammentQualifieeCsrd } from '../domain/csrd-criteres.ts'
import { RAISONS_INCONNU, STATUTS } from '../domain/statuts.ts'
import { evaluees, ZONE } from './population.ts'
import { DESCRIPTION } from './raisons.ts'
import { cleDeLEntreprise, soumissionEtStatut } from './reglementation.ts'

/** Tous les rapports sont lus en une fois : une jointure coûte moins qu’une recherche par entreprise. */
const rapports = evaluees
  // La base n’interdit pas deux rapports officiels la même année : ils sont comptés, et la règle décide.
  .leftJoin(
    (sub) =>
      sub
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
        .as('officiel'),
    (join) => join.onRef('officiel.entreprise_id', '=', 'e.id'),
  )
  // Le rapport de l’année la plus récente ; à égalité l’officiel avant les brouillons, puis le dernier créé.
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('reglementations_rapportcsrd as r')
        .distinctOn('r.entreprise_id')
        .orderBy('r.entreprise_id')
        .orderBy('r.annee', 'desc')
        .orderBy(({ eb }) => eb('r.proprietaire_id', 'is', null), 'desc')
        .orderBy('r.id', 'desc')
        .select(['r.entreprise_id', 'r.id', 'r.etape_validee', 'r.lien_rapport as lien'])
        .as('dernier'),
    (join) => join.onRef('dernier.entreprise_id', '=', 'e.id'),
  )
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('reglementations_rapportcsrd_analyses_ia as l')
        .groupBy('l.rapportcsrd_id')
        .select(['l.rapportcsrd_id', count().as('nombre')])
        .as('documents'),
    (join) => join.onRef('documents.rapportcsrd_id', '=', 'dernier.id'),
  )
  .leftJoin(
    (sub) =>
      sub
        .selectFrom('reglementations_enjeu as j')
        .where('j.materiel', 'is not', null)
        .groupBy('j.rapport_csrd_id')
        .select(['j.rapport_csrd_id', count().as('nombre')])
        .as('enjeux'),
    (join) => join.onRef('enjeux.rapport_csrd_id', '=', 'dernier.id'),
  )

export const csrd = from(rapports).publish(
  'metabase_csrd',
  'La CSRD d’une entreprise : obligation, statut et avancement du rapport.',
  ({ ref, fn, lit }) => {
    const regle = compute(
      {
        dateClotureExercice: ref('c.date_cloture_exercice'),
        categorieJuridique: because(ref('e.categorie_juridique_sirene'), DESCRIPTION),
        codePays: ref('e.code_pays_etranger_sirene'),
        estCotee: ref('e.est_cotee'),
        estInteretPublic: ref('e.est_interet_public'),
        appartientGroupe: ref('e.appartient_groupe'),
        estSocieteMere: ref('e.est_societe_mere'),
        comptesConsolides: ref('e.comptes_consolides'),
        effectifSecuriteSociale: ref('c.effectif_securite_sociale'),
        effectifGroupe: ref('c.effectif_groupe'),
        trancheBilan: ref('c.tranche_bilan'),
        trancheChiffreAffaires: ref('c.tranche_chiffre_affaires'),
        trancheBilanConsolide: ref('c.tranche_bilan_consolide'),
        trancheChiffreAffairesConsolide: ref('c.tranche_chiffre_affaires_consolide'),
        nombreOfficiels: fn.coalesce('officiel.nombre', lit(0)),
        lienOfficiel: ref('officiel.lien'),
        bloqueOfficiel: ref('officiel.bloque'),
        etapeValidee: ref('dernier.etape_validee'),
        lienDernier: ref('dernier.lien'),
        nbDocumentsIa: ref('documents.nombre'),
        nbEnjeuxAnalyses: ref('enjeux.nombre'),
      },
      (entree) => ({ publiee: estSuffisammentQualifieeCsrd(entree), ...evaluer(entree) }),
    )
    return rows(
      { keep: regle.field('publiee'), unknown: regle.field('inconnu', RAISONS_INCONNU) },
      {
        ...cleDeLEntreprise(ref('e.id')),
        ...soumissionEtStatut(regle.field('estSoumise'), regle.field('statut', STATUTS)),
        etape_validee: text(
          regle.field('etapeValidee'),
          'Dernière étape validée du rapport qui compte : celui de la dernière année, l’officiel d’abord',
        ).nullable(),
        nb_documents_ia: integer(
          regle.field('nbDocumentsIa'),
          'Nombre de documents analysés du rapport le plus récent',
        ),
        nb_iro_selectionnes: integer(
          regle.field('nbIroSelectionnes'),
          'Nombre d’enjeux dont la matérialité est décidée',
        ),
        lien_rapport: boolean(regle.field('lienRapport'), 'Le rapport le plus récent a un lien de publication'),
      },
    )
  },
)
