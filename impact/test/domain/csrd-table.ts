/**
 * La CSRD écrite une seconde fois, pour éprouver la règle : les cas dans l’ordre, chacun une liste de conditions en texte,
 * le premier dont toutes sont vraies l’emporte. N’importe rien du domaine que le type de ses entrées.
 */
import type { QualificationCsrd } from '../../domain/csrd-criteres.ts'

const parmi =
  (champ: keyof QualificationCsrd, ...valeurs: readonly string[]) =>
  (q: QualificationCsrd): boolean =>
    valeurs.some((valeur) => valeur === q[champ])

const deuxDe =
  (...criteres: readonly ((q: QualificationCsrd) => boolean)[]) =>
  (q: QualificationCsrd): boolean =>
    criteres.reduce((nombre, critere) => nombre + Number(critere(q)), 0) >= 2

const grandGroupe = deuxDe(
  parmi('trancheBilanConsolide', '30M-43M', '43M-100M', '100M+'),
  parmi('trancheChiffreAffairesConsolide', '60M-100M', '100M+'),
  parmi('effectifGroupe', '250-499', '500-4999', '5000-9999', '10000+'),
)

const CONDITIONS = {
  'forme visée': (q) => q.categorieJuridique === 5710,
  'intérêt public': (q) => q.estInteretPublic === true,
  cotée: (q) => q.estCotee === true,
  mère: (q) => q.estSocieteMere === true,
  EEE: (q) => q.codePays === null,
  micro: deuxDe(
    parmi('trancheBilan', '0-450k'),
    parmi('trancheChiffreAffaires', '0-900k'),
    parmi('effectifSecuriteSociale', '0-9'),
  ),
  grande: deuxDe(
    parmi('trancheBilan', '25M-43M', '43M-100M', '100M+'),
    parmi('trancheChiffreAffaires', '50M-100M', '100M+'),
    parmi('effectifSecuriteSociale', '250-499', '500+'),
  ),
  'grand groupe': (q) => q.appartientGroupe === true && grandGroupe(q),
  '500 salariés': parmi('effectifSecuriteSociale', '500+'),
  '500 au groupe': parmi('effectifGroupe', '500-4999', '5000-9999', '10000+'),
  '100 M€': parmi('trancheChiffreAffaires', '100M+'),
} satisfies Record<string, (q: QualificationCsrd) => boolean>

type Condition = keyof typeof CONDITIONS
/** `!` nie ; une liste dans la liste veut l’une au moins de ses conditions. */
type Terme = Condition | `!${Condition}`
type Cas = readonly [conditions: readonly (Terme | readonly Terme[])[], exercice: number | null]

export const CAS_CSRD: readonly Cas[] = [
  [['!forme visée', '!intérêt public'], null],
  [['grand groupe', 'mère', ['cotée', 'intérêt public'], '500 au groupe'], 2024],
  [['grand groupe', 'mère'], 2027],
  [['grand groupe', 'grande', 'cotée', '500 salariés'], 2024],
  [['grand groupe', 'grande'], 2027],
  [['grand groupe', '!micro', 'cotée', '500 au groupe'], 2024],
  [['grand groupe', '!micro', 'cotée'], 2027],
  [['grand groupe'], null],
  [['EEE', 'cotée', 'grande', '500 salariés'], 2024],
  [['EEE', 'cotée', 'grande'], 2027],
  [['EEE', 'cotée', '!micro'], 2028],
  [['EEE', '!cotée', 'intérêt public', 'grande', '500 salariés'], 2024],
  [['EEE', '!cotée', 'intérêt public', 'grande'], 2027],
  [['EEE', '!cotée', '!intérêt public', 'grande'], 2027],
  [['!EEE', 'grande'], 2027],
  [['!EEE', '100 M€'], 2028],
]

type Predicat = (q: QualificationCsrd) => boolean

function predicat(terme: Terme | readonly Terme[]): Predicat {
  if (typeof terme !== 'string') {
    const predicats = terme.map(predicat)
    return (q) => predicats.some((un) => un(q))
  }
  const nie = terme.startsWith('!')
  // sound because a term is a condition, with or without a leading !.
  const condition: Predicat = CONDITIONS[(nie ? terme.slice(1) : terme) as Condition]
  return nie ? (q) => !condition(q) : condition
}

const CAS_PRETS = CAS_CSRD.map(([conditions]) => conditions.map(predicat))

/** Le numéro du cas retenu, null pour « aucun », et son exercice. */
export function premierExerciceSelonLaTable(q: QualificationCsrd): { cas: number | null; exercice: number | null } {
  const cas = CAS_PRETS.findIndex((conditions) => conditions.every((condition) => condition(q)))
  return cas === -1 ? { cas: null, exercice: null } : { cas, exercice: CAS_CSRD[cas]?.[1] ?? null }
}
