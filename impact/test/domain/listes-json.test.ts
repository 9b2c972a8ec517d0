/** Les longueurs lues à même les octets sont celles que `JSON.parse` donnerait, et les mêmes textes sont refusés. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { longueursDesListes } from '../../domain/listes-json.ts'

const lire = (texte: string): Readonly<Record<string, number>> | null => {
  const longueurs = longueursDesListes(Buffer.from(texte))
  return longueurs === null ? null : Object.fromEntries(longueurs)
}

/** La même chose en construisant tout. */
function construire(texte: string): Readonly<Record<string, number>> | null {
  let valeur: unknown
  try {
    valeur = JSON.parse(texte)
  } catch {
    return null
  }
  if (typeof valeur !== 'object' || valeur === null || Array.isArray(valeur)) return null
  const listes = Object.entries(valeur)
  if (!listes.every(([, liste]) => Array.isArray(liste))) return null
  return Object.fromEntries(listes.map(([cle, liste]) => [cle, (liste as readonly unknown[]).length]))
}

describe('les longueurs des listes', () => {
  test.each([
    ['{}', {}],
    [' { } ', {}],
    ['{"a":[]}', { a: 0 }],
    ['{"a" : [ ] , "b":[1]}', { a: 0, b: 1 }],
    ['{"a":[1,"deux",null,{"b":[1,2]},[3,4,[]]]}', { a: 5 }],
    ['{"a":["]","}","\\"]",",","\\\\"]}', { a: 5 }],
    ['{"é":["\\u00e9","\\ud83d\\ude00"]}', { é: 2 }],
    ['{"a\\"b":[0,-0,1.5e+10,0.25]}', { 'a"b': 4 }],
    ['{"a":[1],"a":[1,2]}', { a: 2 }],
  ])('de %s', (texte, attendu) => {
    expect(lire(texte)).toEqual(attendu)
    expect(construire(texte)).toEqual(attendu)
  })

  test.each([
    ...['', ' ', '[]', '[1]', '1', 'null', '"a"', '{', '}', '{"a"}', '{"a":}', '{"a":1}', '{"a":"[]"}', '{"a":null}'],
    ...['{"a":{}}', '{"a":[1]', '{"a":[1}}', '{"a":[1]]', '{"a":[1],}', '{,}', '{"a":[,]}', '{"a":[,1]}', '{"a":[1,]}'],
    ...['{"a":[1 2]}', '{"a":[[}]}', '{"a":[{"b"}]}', '{"a":[{"b":}]}', '{"a":[{"b":1,}]}', '{"a":[{1:2}]}', '{a:[1]}'],
    ...["{'a':[1]}", '{"a":[01]}', '{"a":[-]}', '{"a":[1.]}', '{"a":[.5]}', '{"a":[+1]}', '{"a":[1e]}', '{"a":[0x1]}'],
    ...['{"a":[tru]}', '{"a":[nul]}', '{"a":[NaN]}', '{"a":[True]}', '{"a":["\\x"]}', '{"a":["\\u12g4"]}', '{"a":["]}'],
    ...['{"a":["\\"]}', '{"a":["\n"]}', '{"a":["\t"]}', '{"a":[1]}{}', '{"a":[1]} x', '{"a":[1]},', '{"a"::[1]}', ':'],
    ...['{"a":[:]}', '{"a":[1]}\0', '\0{}', '{"a":[1];"b":[2]}', '{"a":[\u00a01]}', '{"\\u":[1]}', '{"a":["\\u12'],
  ])('rien de %j', (texte) => {
    expect(construire(texte)).toBeNull()
    expect(lire(texte)).toBeNull()
  })

  it('d’une profondeur qu’aucune pile d’appels ne tiendrait', () => {
    const profond = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(lire(`{"a":[1,${profond}]}`)).toEqual({ a: 2 })
    expect(lire(`{"a":[${'[{"b":'.repeat(200_000)}`)).toBeNull()
  })

  it('comme JSON.parse, pour des phrases telles que l’application les enregistre et pour ce qui en reste', () => {
    // Écrites à la main, sans échappement : un guillemet, une barre ou un signe de commande y est une faute, où qu’il tombe.
    const lettres = fc.constantFrom(...'abcdefé€😀 ', ...'"\\\n\t\u0000\u001f\u007f')
    const phrase = fc.oneof(
      fc.stringMatching(/^[a-zé€’ ]{0,40}$/),
      fc.array(lettres, { maxLength: 12 }).map((l) => l.join('')),
    )
    const page = fc.constantFrom('1', '12', '0', '00', '01', '-1', '1.5', '1e3', '', 'null', '"1"', '{}', '[1]')
    const separateur = fc.constantFrom(',', ', ', ',  ', ' , ', ';', ',\n', ',,', '')
    const element = fc.oneof(
      { weight: 4, arbitrary: phrase.map((texte) => `{"PAGES": 3, "TEXTS": "${texte}"}`) },
      fc
        .tuple(page, phrase, separateur, fc.constantFrom(':', ': ', ' : ', ':\t', ''))
        .map(([numero, texte, entre, deuxPoints]) => `{"PAGES"${deuxPoints}${numero}${entre}"TEXTS": "${texte}"}`),
    )
    const liste = fc
      .tuple(fc.array(element, { maxLength: 4 }), separateur)
      .map(([elements, entre]) => elements.join(entre))
    const texte = fc.tuple(liste, fc.nat()).map(([contenu, coupe]) => {
      const entier = `{"ESRS E1": [${contenu}]}`
      return coupe % 3 === 0 ? entier.slice(0, coupe % entier.length) : entier
    })
    let lus = 0
    fc.assert(
      fc.property(texte, (entree) => {
        const bienForme = entree.toWellFormed()
        const attendu = construire(bienForme)
        if (attendu !== null) lus += 1
        expect(lire(bienForme)).toEqual(attendu)
      }),
      { numRuns: 5_000 },
    )
    expect(lus).toBeGreaterThan(500)
  })

  it('comme JSON.parse, pour tout objet de listes et pour ce qui en reste quand on y touche', () => {
    const objet = fc.dictionary(fc.string(), fc.array(fc.jsonValue(), { maxLength: 5 }), { maxKeys: 4 })
    const texte = fc
      .tuple(objet, fc.constantFrom(0, 1, '\t'))
      .map(([valeur, retrait]) => JSON.stringify(valeur, null, retrait))
    const signe = fc.constantFrom(...'{}[],:"\\ \n0123-+.eEtfnu\u00e9', '')
    const touche = fc.tuple(texte, fc.nat(), fc.nat(2), signe).map(([brut, place, retires, mis]) => {
      const ici = place % (brut.length + 1)
      return brut.slice(0, ici) + mis + brut.slice(ici + retires)
    })
    fc.assert(
      fc.property(fc.oneof(texte, touche, fc.json()), (entree) => {
        const bienForme = entree.toWellFormed()
        // Une clé « __proto__ » d’un objet littéral n’est pas la sienne : la comparaison se fait sur des listes.
        expect(Object.entries(lire(bienForme) ?? { rien: -1 })).toEqual(
          Object.entries(construire(bienForme) ?? { rien: -1 }),
        )
      }),
      { numRuns: 5_000 },
    )
  })
})
