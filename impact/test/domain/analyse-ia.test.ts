/** Le compte des phrases d’une analyse, dont le résultat est une chaîne JSON dans du JSON. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { phrasesAnalyseIa } from '../../domain/analyse-ia.ts'

const compte = (nbPhrases: number, nbPhrasesPertinentes: number) => ({ nbPhrases, nbPhrasesPertinentes, inconnu: null })
const SANS = { nbPhrases: null, nbPhrasesPertinentes: null, inconnu: null }
const ILLISIBLE = { nbPhrases: null, nbPhrasesPertinentes: null, inconnu: 'contenu_illisible' }
const chaine = (resultat: unknown): string => JSON.stringify(resultat)

describe('les phrases d’une analyse', () => {
  test.each<[string, string, object]>([
    ['deux normes', chaine({ 'ESRS E1': [1, 2], 'ESRS S1': ['a'] }), compte(3, 3)],
    ['des phrases sans norme', chaine({ 'ESRS E1': [1, 2], 'Non ESRS': [1, 2, 3] }), compte(5, 2)],
    ['le libellé peut contenir plus', chaine({ 'E1 : Non ESRS (autre)': [1] }), compte(1, 0)],
    ['un objet vide', chaine({}), compte(0, 0)],
    ['une norme sans phrase', chaine({ 'ESRS E1': [] }), compte(0, 0)],
    ['une clé de prototype', '{"__proto__": [1, 2], "constructor": [3]}', compte(3, 3)],
    ['une clé répétée', '{"ESRS E1": [1, 2], "ESRS E1": [3]}', compte(1, 1)],
    ['un libellé échappé', '{"Non\\u0020ESRS": [1]}', compte(1, 0)],
    ['vide', '', SANS],
    ['une chaîne dans la chaîne', '""', ILLISIBLE],
    ['une chaîne qui dit null', 'null', ILLISIBLE],
    ['un texte quelconque', 'pas du JSON', ILLISIBLE],
    ['une chaîne qui n’est pas du JSON', '"pas du JSON"', ILLISIBLE],
    ['un JSON coupé', chaine({ 'ESRS E1': [1] }).slice(0, -4), ILLISIBLE],
    ['une liste', chaine([1, 2]), ILLISIBLE],
    ['un nombre', '42', ILLISIBLE],
    ['une norme sans liste', chaine({ 'ESRS E1': 'une phrase' }), ILLISIBLE],
    ['une norme nulle', chaine({ 'ESRS E1': null }), ILLISIBLE],
    [
      'une phrase faite de listes sans fond',
      `{"ESRS E1": [1, ${'['.repeat(200_000)}${']'.repeat(200_000)}]}`,
      compte(2, 2),
    ],
    ['un niveau de chaîne de trop', JSON.stringify(chaine({ 'ESRS E1': [1] })), ILLISIBLE],
  ])('%s', (_nom, contenu, attendu) => {
    expect(phrasesAnalyseIa(contenu)).toEqual(attendu)
  })

  it('n’en a pas sans résultat', () => {
    expect(phrasesAnalyseIa(null)).toEqual(SANS)
  })

  it('compte comme on compte à la main', () => {
    const normes = fc.dictionary(fc.constantFrom('ESRS E1', 'ESRS S1', 'Non ESRS', 'x'), fc.array(fc.string()))
    fc.assert(
      fc.property(normes, (resultat) => {
        const entrees = Object.entries(resultat)
        const total = (liste: typeof entrees) => liste.reduce((somme, [, phrases]) => somme + phrases.length, 0)
        expect(phrasesAnalyseIa(chaine(resultat))).toEqual(
          compte(total(entrees), total(entrees.filter(([norme]) => norme !== 'Non ESRS'))),
        )
      }),
    )
  })
})
