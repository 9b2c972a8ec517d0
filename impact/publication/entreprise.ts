/** La table publiée des entreprises : inscrites ou seulement simulées, avec leurs dernières caractéristiques connues. */
import {
  because,
  bigint,
  boolean,
  category,
  compute,
  count,
  date,
  from,
  type Indirect,
  type Instant,
  integer,
  maskedGroup,
  sql,
  timestamptz,
  varchar,
} from 'vitrine'
import { CATEGORIES_JURIDIQUES, categorieJuridique } from '../domain/categorie-juridique.ts'
import { pays } from '../domain/pays.ts'
import { SECTIONS_NAF, sectionNaf } from '../domain/section-naf.ts'
import { avecCaracteristiques } from './population.ts'
import { CLE, DESCRIPTION, EVOLUTION, RAPPROCHEMENT } from './raisons.ts'

/** Catégorie juridique de l’INSEE des entrepreneurs individuels. */
const ENTREPRENEUR_INDIVIDUEL = 1000
/**
 * Les catégories des personnes morales : niveaux I de 3 à 9 de la nomenclature de l’INSEE. Au niveau 1 (personnes physiques)
 * et 2 (indivisions, sociétés créées de fait ou en participation …), la dénomination nomme souvent des personnes.
 */
const PERSONNES_MORALES = { de: 3000, a: 9999 } as const

/** Compte les rattachements de toutes les entreprises en une fois, ce qui coûte moins qu’un compte par entreprise. */
const avecRattachements = avecCaracteristiques.leftJoin(
  (sub) =>
    sub
      .selectFrom('habilitations_habilitation as h')
      .groupBy('h.entreprise_id')
      .select(['h.entreprise_id', count().as('nombre')])
      .as('rattachements'),
  (join) => join.onRef('rattachements.entreprise_id', '=', 'e.id'),
)

export const entreprise = from(avecRattachements).publish(
  'metabase_entreprise',
  'Une entreprise connue d’Impact, inscrite ou simulée.',
  ({ eb, ref, fn, lit, val }) => {
    const code = because(ref('e.categorie_juridique_sirene'), DESCRIPTION)
    // Sans code, le nom peut être celui d’une personne : il n’est pas publié, ni le SIREN, qui permettrait de le retrouver.
    const peutEtreUnePersonne = eb.or([
      eb(code, 'is', null),
      eb(code, '<', PERSONNES_MORALES.de),
      eb(code, '>', PERSONNES_MORALES.a),
    ])
    const modifiee = fn<Instant>('greatest', ['e.updated_at', 'c.updated_at'])
    const forme = category({ code: ref('e.categorie_juridique_sirene') }, CATEGORIES_JURIDIQUES, ({ code }) =>
      categorieJuridique(code),
    )
    const nomDuPays = compute({ code: ref('e.code_pays_etranger_sirene') }, ({ code }) => pays(code))
    const section = category({ code: ref('e.code_NAF') }, SECTIONS_NAF, (saisi) => sectionNaf(saisi.code))
    // Trois chiffres outre-mer. La Corse n’est pas divisée : un code postal n’y indique pas toujours le département.
    const departement = sql<Indirect<string> | null>`case when ${ref('e.code_postal')} ~ '^9[78]' then left(${ref('e.code_postal')}, 3)
      when ${ref('e.code_postal')} ~ '^2[0AB]' then '2A/2B' else left(${ref('e.code_postal')}, 2) end`
    const { nom, siren } = maskedGroup(peutEtreUnePersonne, 'Nom public d’une personne morale.', {
      nom: [ref('e.denomination'), 'Dénomination non publiée'],
      siren: [because(ref('e.siren'), RAPPROCHEMENT), null],
    })
    const denomination = eb
      .case()
      .when(eb(code, '=', ENTREPRENEUR_INDIVIDUEL))
      .then(val('Entrepreneur individuel'))
      .else(nom)
      .end()
    return {
      impact_id: bigint(because(ref('e.id'), CLE), 'Identifiant de l’entreprise dans Impact').primaryKey(),
      ajoutee_le: timestamptz(because(ref('e.created_at'), EVOLUTION), 'Date d’ajout à Impact'),
      modifiee_le: timestamptz(
        because(modifiee, EVOLUTION),
        'Dernière modification de l’entreprise ou de ses caractéristiques',
      ),
      siren: varchar(9, siren, 'Numéro SIREN ; vide quand la dénomination n’est pas publiée').nullable().unique(),
      denomination: varchar(
        250,
        denomination,
        'Dénomination d’une personne morale, sinon « Entrepreneur individuel » ou « Dénomination non publiée »',
      ),
      nombre_utilisateurs: integer(
        fn.coalesce('rattachements.nombre', lit(0)),
        'Nombre d’utilisateurs rattachés, conseillers compris',
      ),
      date_cloture_exercice: date(
        ref('c.date_cloture_exercice'),
        'Clôture de l’exercice des dernières caractéristiques',
      ).nullable(),
      date_derniere_qualification: date(
        because(ref('e.date_derniere_qualification'), EVOLUTION),
        'Date de la dernière qualification',
      ).nullable(),
      categorie_juridique: varchar(50, forme, 'Forme juridique, d’après la nomenclature de l’INSEE').nullable(),
      pays: varchar(50, nomDuPays, 'Pays du siège').nullable(),
      est_interet_public: boolean(ref('e.est_interet_public'), 'Entité d’intérêt public').nullable(),
      est_cotee: boolean(ref('e.est_cotee'), 'Société cotée sur un marché réglementé').nullable(),
      appartient_groupe: boolean(ref('e.appartient_groupe'), 'Appartient à un groupe').nullable(),
      est_societe_mere: boolean(ref('e.est_societe_mere'), 'Société mère du groupe').nullable(),
      societe_mere_en_france: boolean(
        ref('e.societe_mere_en_france'),
        'La société mère du groupe est en France',
      ).nullable(),
      comptes_consolides: boolean(ref('e.comptes_consolides'), 'Le groupe établit des comptes consolidés').nullable(),
      bdese_accord: boolean(ref('c.bdese_accord'), 'Un accord d’entreprise définit la BDESE').nullable(),
      effectif: varchar(9, ref('c.effectif'), 'Tranche d’effectif').nullable(),
      effectif_securite_sociale: varchar(
        9,
        ref('c.effectif_securite_sociale'),
        'Tranche d’effectif au sens de la sécurité sociale',
      ).nullable(),
      effectif_outre_mer: varchar(9, ref('c.effectif_outre_mer'), 'Tranche d’effectif outre-mer').nullable(),
      effectif_groupe: varchar(9, ref('c.effectif_groupe'), 'Tranche d’effectif du groupe, international').nullable(),
      effectif_groupe_france: varchar(
        9,
        ref('c.effectif_groupe_france'),
        'Tranche d’effectif du groupe en France',
      ).nullable(),
      tranche_chiffre_affaires: varchar(
        9,
        ref('c.tranche_chiffre_affaires'),
        'Tranche de chiffre d’affaires',
      ).nullable(),
      tranche_bilan: varchar(9, ref('c.tranche_bilan'), 'Tranche de bilan').nullable(),
      tranche_chiffre_affaires_consolide: varchar(
        9,
        ref('c.tranche_chiffre_affaires_consolide'),
        'Tranche de chiffre d’affaires consolidé',
      ).nullable(),
      tranche_bilan_consolide: varchar(9, ref('c.tranche_bilan_consolide'), 'Tranche de bilan consolidé').nullable(),
      code_postal: varchar(5, because(ref('e.code_postal'), DESCRIPTION), 'Code postal du siège').nullable(),
      code_NAF: varchar(6, because(ref('e.code_NAF'), DESCRIPTION), 'Code NAF de l’activité principale').nullable(),
      tranche_consommation_energie_finale: varchar(
        20,
        ref('c.tranche_consommation_energie_finale'),
        'Tranche de consommation d’énergie finale',
      ).nullable(),
      inscrite: boolean(
        eb(fn.coalesce('rattachements.nombre', lit(0)), '>', 0).$castTo<boolean>(),
        'Au moins un compte y est rattaché',
      ),
      departement: varchar(
        5,
        because(departement, DESCRIPTION),
        'Département du siège ; trois chiffres outre-mer, 2A/2B pour la Corse',
      ).nullable(),
      section_naf: varchar(40, section, 'Section d’activité, d’après le code NAF').nullable(),
    }
  },
)
