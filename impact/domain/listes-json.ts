/**
 * Les longueurs des listes d’un texte JSON, lues à même ses octets, sans rien construire. Accepte exactement ce que
 * `JSON.parse` accepte. Un résultat d’analyse est fait de phrases dont on ne veut que le nombre : les construire pour les
 * compter prendrait plus de trois fois le temps (décision 0014).
 */

const GUILLEMET = 0x22
const VIRGULE = 0x2c
const ZERO = 0x30
const NEUF = 0x39
const DEUX_POINTS = 0x3a
const CROCHET = 0x5b
const BARRE_INVERSE = 0x5c
const CROCHET_FERMANT = 0x5d
const MINUSCULE_U = 0x75
const ACCOLADE = 0x7b
const ACCOLADE_FERMANTE = 0x7d
const ESPACE = 0x20

/** Ce qui peut venir. */
const VALEUR = 0
const VALEUR_OU_FIN = 1
const CLE = 2
const CLE_OU_FIN = 3
const SUITE = 4

/** Où un texte cesse d’être du JSON. */
const ERREUR = -1
/** Aucun octet. */
const RIEN = -1

/** Dans l’objet, puis dans une de ses listes. */
const [OBJET, LISTE] = [1, 2]

/**
 * Par clé de l’objet, le nombre d’éléments de sa liste ; d’une clé répétée, la dernière compte. Null si le texte n’est pas
 * du JSON, ni un objet, ou si une des valeurs n’est pas une liste. Les octets sont de l’UTF-8.
 */
export function longueursDesListes(octets: Uint8Array): ReadonlyMap<string, number> | null {
  const longueurs = new Map<string, number>()
  const mots = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  /** Ce qui fermera chaque objet et chaque liste ouverts, aussi profond soit-on : la pile n’est pas celle des appels. */
  const fermants: number[] = [RIEN]
  let profondeur = 0
  let attendu = VALEUR
  let cle = ''
  let virgules = 0
  for (let place = 0; place < octets.length; ) {
    const octet = octets[place] as number // sound because the place is inside.
    if (octet <= ESPACE) {
      if (!estBlanc(octet)) return null
      place += 1
    } else if (attendu === SUITE) {
      const fermant = fermants[profondeur]
      place += 1
      if (octet === VIRGULE && profondeur > 0) {
        if (profondeur === LISTE) virgules += 1
        attendu = fermant === ACCOLADE_FERMANTE ? CLE : VALEUR
      } else if (octet === fermant) {
        if (profondeur === LISTE) longueurs.set(cle, virgules + 1)
        profondeur -= 1
      } else return null
    } else if (octet === CROCHET_FERMANT || octet === ACCOLADE_FERMANTE) {
      const vide = octet === CROCHET_FERMANT ? VALEUR_OU_FIN : CLE_OU_FIN
      if (attendu !== vide) return null
      if (profondeur === LISTE) longueurs.set(cle, 0)
      profondeur -= 1
      place += 1
      attendu = SUITE
    } else if (attendu === CLE || attendu === CLE_OU_FIN) {
      const fin = octet === GUILLEMET ? finDeChaine(octets, place) : ERREUR
      if (fin === ERREUR) return null
      if (profondeur === OBJET) cle = String(JSON.parse(texteDe(octets, place, fin)))
      place = apresDeuxPoints(octets, fin)
      if (place === ERREUR) return null
      attendu = VALEUR
    } else if (octet === ACCOLADE || octet === CROCHET) {
      const fin = octet === ACCOLADE && profondeur >= LISTE ? finDObjetPlat(octets, mots, place) : ERREUR
      if (fin !== ERREUR) {
        place = fin
        attendu = SUITE
        continue
      }
      // L’objet d’abord, puis ses listes, puis n’importe quoi.
      if ((profondeur === 0 && octet !== ACCOLADE) || (profondeur === OBJET && octet !== CROCHET)) return null
      profondeur += 1
      fermants[profondeur] = octet + 2
      if (profondeur === LISTE) virgules = 0
      attendu = octet === ACCOLADE ? CLE_OU_FIN : VALEUR_OU_FIN
      place += 1
    } else {
      if (profondeur < LISTE) return null
      place = octet === GUILLEMET ? finDeChaine(octets, place) : finDeLitteral(octets, place)
      if (place === ERREUR) return null
      attendu = SUITE
    }
  }
  return attendu === SUITE && profondeur === 0 ? longueurs : null
}

const estBlanc = (octet: number): boolean => octet === ESPACE || octet === 0x0a || octet === 0x0d || octet === 0x09

const texteDe = (octets: Uint8Array, debut: number, fin: number): string =>
  Buffer.from(octets.buffer, octets.byteOffset + debut, fin - debut).toString()

/**
 * Après l’objet ouvert ici, s’il est de ceux dont une analyse est faite : des clés et des textes sans échappement, des entiers
 * naturels, au plus une espace entre eux. `ERREUR` pour tout autre, que la boucle lit à son rythme. Presque tout y passe : un
 * seul tour sans états va une fois et demie aussi vite.
 */
function finDObjetPlat(octets: Uint8Array, mots: DataView, debut: number): number {
  for (let place = debut + 1; ; place++) {
    if (octets[place] === ESPACE) place += 1
    if (octets[place] !== GUILLEMET) return ERREUR
    place = finDeTexteSimple(octets, mots, place + 1)
    if (octets[place] !== GUILLEMET || octets[place + 1] !== DEUX_POINTS) return ERREUR
    place += octets[place + 2] === ESPACE ? 3 : 2
    if (octets[place] === GUILLEMET) {
      place = finDeTexteSimple(octets, mots, place + 1)
      if (octets[place] !== GUILLEMET) return ERREUR
      place += 1
    } else {
      const fin = finDesChiffres(octets, place)
      if (fin === place || (octets[place] === ZERO && fin > place + 1)) return ERREUR
      place = fin
    }
    if (octets[place] === ACCOLADE_FERMANTE) return place + 1
    if (octets[place] !== VIRGULE) return ERREUR
  }
}

/** Le premier octet, à partir d’ici, d’un guillemet, d’un échappement ou de ce qu’une chaîne ne contient pas. */
function finDeTexteSimple(octets: Uint8Array, mots: DataView, debut: number): number {
  let place = debut
  // Quatre à la fois : un bit reste dans chaque octet qui arrête, dont aucun n’est d’un caractère accentué.
  for (; place + 4 <= octets.length; place += 4) {
    const mot = mots.getInt32(place, true)
    const arrets = (mot - 0x20202020) | ((mot ^ 0x22222222) - 0x01010101) | ((mot ^ 0x5c5c5c5c) - 0x01010101)
    if ((arrets & ~mot & 0x80808080) !== 0) break
  }
  for (; place < octets.length; place++) {
    const octet = octets[place] as number // sound because the place is inside.
    if (octet === GUILLEMET || octet === BARRE_INVERSE || octet < ESPACE) break
  }
  return place
}

function finDesChiffres(octets: Uint8Array, debut: number): number {
  let place = debut
  for (; place < octets.length; place++) {
    const octet = octets[place] as number // sound because the place is inside.
    if (octet < ZERO || octet > NEUF) break
  }
  return place
}

/** Après le guillemet qui ferme la chaîne ouverte ici. */
function finDeChaine(octets: Uint8Array, debut: number): number {
  for (let place = debut + 1; place < octets.length; ) {
    const octet = octets[place] as number // sound because the place is inside.
    place += 1
    if (octet === GUILLEMET) return place
    if (octet < ESPACE) return ERREUR
    if (octet === BARRE_INVERSE) {
      const longueur = longueurEchappee(octets, place)
      if (longueur === 0) return ERREUR
      place += longueur
    }
  }
  return ERREUR
}

/** Les octets d’un échappement, après sa barre ; 0 s’il n’existe pas. */
function longueurEchappee(octets: Uint8Array, place: number): number {
  const octet = octets[place] ?? 0
  if (octet !== MINUSCULE_U) return '"\\/bfnrt'.includes(String.fromCharCode(octet)) ? 1 : 0
  const fin = Math.min(place + 5, octets.length)
  return /^u[\dA-Fa-f]{4}$/.test(texteDe(octets, place, fin)) ? 5 : 0
}

/** Après les deux points qui suivent une clé. */
function apresDeuxPoints(octets: Uint8Array, debut: number): number {
  for (let place = debut; ; place++) {
    const octet = octets[place]
    if (octet === DEUX_POINTS) return place + 1
    if (octet === undefined || !estBlanc(octet)) return ERREUR
  }
}

const LITTERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/** Après un nombre, ou un des trois mots. */
function finDeLitteral(octets: Uint8Array, debut: number): number {
  let place = debut
  let chiffres = true
  for (; place < octets.length; place++) {
    const octet = octets[place] as number // sound because the place is inside.
    if (octet <= ESPACE || octet === VIRGULE || octet === CROCHET_FERMANT || octet === ACCOLADE_FERMANTE) break
    if (octet < ZERO || octet > NEUF) chiffres = false
  }
  // Un entier sans zéro devant se passe de l’expression.
  if (chiffres && place > debut && octets[debut] !== ZERO) return place
  return LITTERAL.test(texteDe(octets, debut, place)) ? place : ERREUR
}
