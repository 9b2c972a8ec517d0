/** Aucune valeur, si déplacée soit-elle, ne fait lever une exception à une règle ni sortir autre chose que ses listes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { phrasesAnalyseIa } from '../../domain/analyse-ia.ts'
import { bdese, typeBdese } from '../../domain/bdese.ts'
import { bges } from '../../domain/bges.ts'
import { categorieJuridique } from '../../domain/categorie-juridique.ts'
import { csrd } from '../../domain/csrd.ts'
import { CATEGORIES_FONCTIONS, categorieFonctions } from '../../domain/fonctions.ts'
import { declarationPubliee, indexEgapro } from '../../domain/index-egapro.ts'
import { anneeCivile } from '../../domain/jour.ts'
import { pays } from '../../domain/pays.ts'
import { RAISONS_INCONNU, STATUTS } from '../../domain/statuts.ts'
import { avancementVsme } from '../../domain/vsme.ts'
import { INDICATEURS_VSME } from '../../domain/vsme-indicateurs.ts'

const vraisemblable = fc.constantFrom<unknown>(
  ...[null, true, false, 0, -1, 5710, 99101, 2026, Number.NaN, 2 ** 60, 10n, Symbol('x'), undefined],
  ...[
    '',
    '0-9',
    '0-49',
    '50-249',
    '500+',
    '500-4999',
    '250+',
    '100M+',
    '0-450k',
    '2026-02-29',
    '2026-07-22',
    'infinity',
  ],
  ...['connu', 'inconnu', 'introduction', 'Responsable RSE', '{}', '{"Configuration": true}', '"{}"', '__proto__'],
)
const quelconque = fc.oneof(
  { arbitrary: vraisemblable, weight: 8 },
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withObjectString: true, withMap: true }),
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.json().map((texte) => JSON.stringify(texte)),
)

const indicateurs = fc.dictionary(
  fc.constantFrom(...Object.values(INDICATEURS_VSME).flat()),
  fc.oneof(
    quelconque,
    fc.dictionary(
      fc.constantFrom(
        ...['choix_module', 'type_perimetre', 'coopérative', 'forme_juridique', 'pays', 'nombre_salaries'],
        ...['non_pertinent', 'declaration_durabilite', 'aleas_et_risques_climatiques'],
      ),
      quelconque,
    ),
  ),
)

const CHAMPS = [
  ...['dateClotureExercice', 'categorieJuridique', 'codePays', 'estCotee', 'estInteretPublic', 'appartientGroupe'],
  ...['estSocieteMere', 'comptesConsolides', 'effectifSecuriteSociale', 'effectifGroupe', 'trancheBilan'],
  ...['trancheChiffreAffaires', 'trancheBilanConsolide', 'trancheChiffreAffairesConsolide', 'effectif'],
  ...['effectifOutreMer', 'bdeseAccord', 'accordComplet', 'etapes50A300', 'etapes300', 'etatSource'],
  ...[
    'anneeDernierBilan',
    'joursDepuisReleve',
    'aujourdhui',
    'nombreOfficiels',
    'lienOfficiel',
    'bloqueOfficiel',
    'etapeValidee',
    'lienDernier',
  ],
  ...['nbDocumentsIa', 'nbEnjeuxAnalyses', 'modifieeLe', 'codeNaf', 'effectifGroupeFrance', 'societeMereEnFrance'],
]
const entree = fc.record(Object.fromEntries(CHAMPS.map((champ) => [champ, quelconque])))

/** Ce que le compilateur refuserait : c’est tout l’objet de ces essais. */
type Libre = (...valeurs: readonly unknown[]) => unknown
// sound because a rule called with anything is what is under test.
const libre = (regle: unknown): Libre => regle as Libre

const texte = (valeur: unknown): string | null => (typeof valeur === 'string' ? valeur : null)

const estDansLaListe = (liste: readonly string[], valeur: unknown): boolean =>
  valeur === null || liste.some((element) => element === valeur)

describe('aucune valeur ne lève d’exception', () => {
  test.each([
    ['categorieJuridique', libre(categorieJuridique)],
    ['pays', libre(pays)],
    ['categorieFonctions', libre(categorieFonctions)],
    ['anneeCivile', libre(anneeCivile)],
    ['typeBdese', libre(typeBdese)],
    ['phrasesAnalyseIa', libre((valeur: unknown) => phrasesAnalyseIa(texte(valeur)))],
    ['declarationPubliee', libre(declarationPubliee)],
    ['avancementVsme', libre(avancementVsme)],
  ])('à %s', (_nom, regle) => {
    fc.assert(
      fc.property(quelconque, quelconque, (une, autre) => void regle(une, autre)),
      { numRuns: 500 },
    )
  })

  test.each([
    ['bdese', libre(bdese)],
    ['indexEgapro', libre(indexEgapro)],
    ['bges', libre(bges)],
    ['csrd', libre(csrd)],
    ['avancementVsme', libre((valeur: unknown) => avancementVsme(valeur))],
  ])('à %s, et ses statuts et raisons sont des listes', (nom, regle) => {
    const valeur =
      nom === 'avancementVsme'
        ? fc.oneof(
            indicateurs,
            indicateurs.map((un) => texteJson(un)),
          )
        : entree
    fc.assert(
      fc.property(valeur, (donnees) => {
        // sound because every one of these rules gives an object with these fields.
        const resultat = regle(donnees) as { estSoumise: unknown; statut: unknown; inconnu: unknown }
        expect(estDansLaListe(STATUTS, resultat.statut)).toBe(true)
        expect(estDansLaListe(RAISONS_INCONNU, resultat.inconnu)).toBe(true)
        expect([true, false, null]).toContain(resultat.estSoumise)
        if (resultat.estSoumise !== true) expect(resultat.statut).toBeNull()
        if (resultat.estSoumise === null) expect(resultat.inconnu).not.toBeNull()
        if (resultat.estSoumise === true && resultat.statut === null) expect(resultat.inconnu).not.toBeNull()
      }),
      { numRuns: 200 },
    )
  })

  test('à categorieFonctions, qui reste dans sa liste', () => {
    fc.assert(
      fc.property(quelconque, (valeur) => {
        expect(estDansLaListe(CATEGORIES_FONCTIONS, libre(categorieFonctions)(valeur))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

/** Un texte JSON, ou un texte illisible quand la valeur n’en a pas (cycles, grands entiers). */
function texteJson(valeur: unknown): string {
  try {
    return JSON.stringify(valeur)
  } catch {
    return '{"B1-24-a": '
  }
}
