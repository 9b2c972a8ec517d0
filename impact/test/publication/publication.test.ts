/** La publication d’Impact est saine : aucune fuite, aucun type faux, et ce qui est publié est ce que l’on croit. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkPublication } from 'vitrine'
import type { DictionaryAnswer } from '../../../packages/vitrine/src/cli/commands/dictionary.ts'
import { impact } from '../../cli/impact.ts'
import publication from '../../publication/index.ts'
import { CLE, DESCRIPTION, EVOLUTION, RAPPROCHEMENT, USAGE } from '../../publication/raisons.ts'
import { run } from '../cli/run.ts'

test('la vérification statique ne trouve rien', async () => {
  expect(await checkPublication(publication)).toMatchObject({ problems: [], warnings: [] })
})

test('les données personnelles publiées le sont par ces seuls traitements', async () => {
  const { columns } = await checkPublication(publication)
  const personal = columns.flatMap(({ table, column, lineage }) =>
    lineage
      .filter(({ privacy }) => privacy === 'personal')
      .map(
        (origin) =>
          `${table}.${column} ← ${origin.table}.${origin.column} : ${origin.treatments.map(({ name }) => name).join(', ')}`,
      ),
  )
  const distinct = [...new Set(personal.map((line) => line.replace(/progression_\w+/, 'progression_…')))]
  expect(distinct).toEqual([
    'metabase_entreprise.denomination ← entreprises_entreprise.denomination : masked',
    'metabase_habilitation.fonctions ← habilitations_habilitation.fonctions : category',
    'metabase_vsme.est_soumise ← vsme_indicateur._data : measure',
    'metabase_vsme.statut ← vsme_indicateur._data : measure',
    'metabase_vsme.choix_module ← vsme_indicateur._data : measure',
    'metabase_vsme.nb_indicateurs_completes ← vsme_indicateur._data : measure',
    'metabase_vsme.progression ← vsme_indicateur._data : measure',
    'metabase_vsme.progression_… ← vsme_indicateur._data : measure',
    ...['applicables', 'completes', 'progression'].map(
      (colonne) => `metabase_vsme_exigence.${colonne} ← vsme_indicateur._data : measure`,
    ),
    'metabase_analyseia.nom_fichier ← analyseia_analyseia.nom : category',
    'metabase_analyseia.nb_phrases ← analyseia_analyseia.resultat_json : measure',
    'metabase_analyseia.nb_phrases_pertinentes ← analyseia_analyseia.resultat_json : measure',
  ])
})

test('les tables et colonnes gardent le contrat des questions enregistrées', () => {
  const shape = Object.fromEntries(
    publication.tables.map(({ name, columns }) => [
      name,
      columns.map((column) => `${column.name} ${column.type.name}${column.isNullable ? '' : ' not null'}`),
    ]),
  )
  expect(shape).toMatchInlineSnapshot(`
    {
      "metabase_analyseia": [
        "impact_id bigint not null",
        "ajoutee_le timestamp with time zone not null",
        "modifiee_le timestamp with time zone not null",
        "entreprise_id bigint not null",
        "csrd boolean not null",
        "nom_fichier character varying(255) not null",
        "etat character varying(144)",
        "message character varying(144)",
        "nb_phrases integer",
        "nb_phrases_pertinentes integer",
      ],
      "metabase_bdese": [
        "id bigint not null",
        "entreprise_id bigint not null",
        "est_soumise boolean",
        "statut character varying(15)",
      ],
      "metabase_bges": [
        "id bigint not null",
        "entreprise_id bigint not null",
        "est_soumise boolean",
        "statut character varying(15)",
      ],
      "metabase_csrd": [
        "id bigint not null",
        "entreprise_id bigint not null",
        "est_soumise boolean",
        "statut character varying(15)",
        "etape_validee text",
        "nb_documents_ia integer not null",
        "nb_iro_selectionnes integer not null",
        "lien_rapport boolean not null",
      ],
      "metabase_entreprise": [
        "impact_id bigint not null",
        "ajoutee_le timestamp with time zone not null",
        "modifiee_le timestamp with time zone not null",
        "siren character varying(9)",
        "denomination character varying(250) not null",
        "nombre_utilisateurs integer not null",
        "date_cloture_exercice date",
        "date_derniere_qualification date",
        "categorie_juridique character varying(50)",
        "pays character varying(50)",
        "est_interet_public boolean",
        "est_cotee boolean",
        "appartient_groupe boolean",
        "est_societe_mere boolean",
        "societe_mere_en_france boolean",
        "comptes_consolides boolean",
        "bdese_accord boolean",
        "effectif character varying(9)",
        "effectif_securite_sociale character varying(9)",
        "effectif_outre_mer character varying(9)",
        "effectif_groupe character varying(9)",
        "effectif_groupe_france character varying(9)",
        "tranche_chiffre_affaires character varying(9)",
        "tranche_bilan character varying(9)",
        "tranche_chiffre_affaires_consolide character varying(9)",
        "tranche_bilan_consolide character varying(9)",
        "code_postal character varying(5)",
        "code_NAF character varying(6)",
        "tranche_consommation_energie_finale character varying(20)",
        "inscrite boolean not null",
        "departement character varying(5)",
        "section_naf character varying(40)",
      ],
      "metabase_habilitation": [
        "impact_id bigint not null",
        "ajoutee_le timestamp with time zone not null",
        "modifiee_le timestamp with time zone not null",
        "utilisateur_id bigint not null",
        "entreprise_id bigint not null",
        "fonctions character varying(250)",
        "invitation_id bigint",
        "role character varying(20)",
      ],
      "metabase_indexegapro": [
        "id bigint not null",
        "entreprise_id bigint not null",
        "est_soumise boolean",
        "statut character varying(15)",
      ],
      "metabase_invitation": [
        "impact_id bigint not null",
        "ajoutee_le timestamp with time zone not null",
        "modifiee_le timestamp with time zone not null",
        "inviteur_id bigint",
        "entreprise_id bigint not null",
        "role character varying(20)",
        "date_acceptation timestamp with time zone",
        "delai_acceptation_jours numeric",
      ],
      "metabase_utilisateur": [
        "impact_id bigint not null",
        "ajoute_le timestamp with time zone not null",
        "modifie_le timestamp with time zone not null",
        "connecte_le date",
        "reception_actualites boolean not null",
        "email_confirme boolean not null",
        "conseiller_rse boolean",
        "nombre_entreprises integer not null",
      ],
      "metabase_vsme": [
        "id bigint not null",
        "entreprise_id bigint not null",
        "est_soumise boolean",
        "statut character varying(15)",
        "cree_le timestamp with time zone not null",
        "modifie_le timestamp with time zone not null",
        "annee_cloture integer not null",
        "choix_module character varying(10)",
        "premier_indicateur_cree_le timestamp with time zone",
        "nb_indicateurs_completes integer",
        "progression integer",
        "progression_B1 integer",
        "progression_B2 integer",
        "progression_B3 integer",
        "progression_B4 integer",
        "progression_B5 integer",
        "progression_B6 integer",
        "progression_B7 integer",
        "progression_B8 integer",
        "progression_B9 integer",
        "progression_B10 integer",
        "progression_B11 integer",
        "progression_C1 integer",
        "progression_C2 integer",
        "progression_C3 integer",
        "progression_C4 integer",
        "progression_C5 integer",
        "progression_C6 integer",
        "progression_C7 integer",
        "progression_C8 integer",
        "progression_C9 integer",
        "delai_premier_indicateur_heures numeric",
      ],
      "metabase_vsme_exigence": [
        "rapport_id bigint not null",
        "entreprise_id bigint not null",
        "exigence character varying(3) not null",
        "applicables integer",
        "completes integer",
        "progression integer",
      ],
    }
  `)
})

type Mots = Readonly<Record<string, string>>
type Colonne = DictionaryAnswer['tables'][number]['columns'][number]

describe('docs/impact-privacy.md', async () => {
  const { stdout } = await run(impact, 'dictionary --json')
  const dictionnaire: DictionaryAnswer = JSON.parse(stdout)
  const page = readFileSync(new URL('../../../docs/impact-privacy.md', import.meta.url), 'utf8')
  const CLASSES: Mots = { personal: 'personnelle', indirect: 'indirecte', open: 'ouverte' }
  const TRAITEMENTS: Mots = { masked: 'masquée', category: 'catégorie', measure: 'mesure', count: 'compte' }
  const FINALITES: Mots = {
    [CLE]: 'pour relier',
    [EVOLUTION]: 'pour les courbes',
    [RAPPROCHEMENT]: 'pour rapprocher',
    [DESCRIPTION]: 'pour répartir',
    'Rattachement sans identité.': 'pour répartir',
    [USAGE]: 'pour mesurer l’usage',
  }

  /** Sa classe et ce qui est fait de ses origines de cette classe, comme la page l’écrit. */
  function dite({ privacy, origins }: Colonne): string {
    if (privacy === null) return 'aucune | —'
    const traitements = origins.filter((origine) => origine.privacy === privacy).flatMap(({ treatments }) => treatments)
    const mots = traitements.flatMap(({ name, reason }) =>
      name === 'because' ? ['telle quelle', FINALITES[reason ?? '']] : [TRAITEMENTS[name]],
    )
    return `${CLASSES[privacy]} | ${mots.length === 0 ? '—' : [...new Set(mots)].join(', ')}`
  }

  test('dit de chaque colonne publiée, une fois, la classe de son origine et son traitement', () => {
    const lignes = page.split(/^## /m).flatMap((partie) => {
      const [titre = '', ...reste] = partie.split('\n')
      const tables = [...titre.matchAll(/`(metabase_\w+)`/g)].map(([, table]) => table)
      const rangees = reste.flatMap((ligne) => [...ligne.matchAll(/^\| (`.*?`) \| (\S+ \| [^|]+) \|/g)])
      return tables.flatMap((table) =>
        rangees.flatMap(([, noms = '', dit]) =>
          [...noms.matchAll(/`(\w+)`/g)].map(([, colonne]) => `${table}.${colonne} | ${dit}`),
        ),
      )
    })
    const attendues = dictionnaire.tables.flatMap(({ name, columns }) =>
      columns.map((colonne) => `${name}.${colonne.name} | ${dite(colonne)}`),
    )
    expect(lignes.toSorted()).toEqual(attendues.toSorted())
  })

  test('nomme chaque colonne personnelle ou secrète dont rien ne sort', () => {
    const tues = dictionnaire.source.tables.flatMap(({ name, columns }) =>
      columns
        .filter(({ privacy, use }) => /personal|secret/.test(privacy) && use !== 'published')
        .map((colonne) => `${name}.${colonne.name}`),
    )
    const [, partie = ''] = page.split('## Ce qui ne sort jamais')
    expect([...partie.matchAll(/`(\w+\.\w+)`/g)].map(([, nom]) => nom)).toEqual(tues)
  })

  test('n’a à dire ni motif accepté ni seuil d’un groupe', () => {
    const acceptes = dictionnaire.tables.flatMap(({ columns }) => columns.flatMap(({ accepts }) => accepts))
    expect([acceptes, dictionnaire.tables.flatMap(({ kAnonymity }) => kAnonymity ?? [])]).toEqual([[], []])
  })
})
