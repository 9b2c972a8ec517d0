/**
 * Words in names and comments, English and French, that make a guess stricter: they never make one looser. Names are taken apart
 * at underscores and capitals; accents do not count.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/** Credentials, and what opens a door. */
const SECRET = new Set(
  words(`
    password passwords passwd pwd passphrase passcode pass secret secrets token tokens jwt apikey credential credentials otp totp
    mfa pin salt hash hashed digest cookie session encrypted ciphertext nonce bearer oauth webauthn recovery
    mdp motdepasse passe jeton jetons empreinte chiffre secrete
  `),
)
const SECRET_PAIRS = words(
  'two_factor backup_code backup_codes api_key access_key private_key public_key secret_key signing_key auth_key reset_code cle_api cle_privee',
)

/** What identifies somebody, what is told of somebody, and free text. */
const PERSONAL = new Set(
  words(`
    name names firstname lastname surname fullname nickname username login email emails mail phone phones telephone mobile cell fax
    address street zip zipcode postal postcode city town birth birthday birthdate born dob age gender sex ssn nin nhs passport
    iban bic swift card cvv plate vin ip ipaddress mac latitude longitude lat lng lon geo coordinates location photo avatar
    picture portrait signature religion ethnicity ethnic race health medical disability pregnant salary wage income debt score
    marital nationality citizenship conviction union comment comments note notes message remark bio feedback
    nom noms prenom prenoms surnom pseudo courriel mel tel portable adresse rue voie ville commune naissance ne sexe genre civilite
    nir nss siren siret rib carte plaque permis passeport nationalite situation salaire revenu revenus dette sante handicap
    religion syndicat commentaire commentaires remarque remarques observation observations avis identite conjoint enfants
  `),
)
/** Before `id`: numbers that a state or a firm gave to a person. */
const NATIONAL = new Set(words('national tax fiscal identity passport social health licence license insee'))

const IN_COMMENTS =
  /\b(?:pii|gdpr|rgpd|personal|personnel(?:le)?s?|sensitive|sensibles?|confidential|confidentiel(?:le)?s?|nominati(?:f|ve)s?|private|prive(?:e)?s?)\b/
const SECRET_COMMENT = /\b(?:secret|password|credential|token|mot de passe|jeton)s?\b/

const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '')

/** `phoneNumber`, `PHONE_NUMBER` and `phone_number` are the same words. */
export const wordsOf = (name: string): readonly string[] =>
  plain(name)
    .replaceAll(/(\p{Ll}|\d)(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$2_')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    // `address2`, `phone1`
    .map((word) => word.replace(/(?<=\p{L})\d+$/u, ''))

export interface PrivacyGuess {
  readonly privacy: 'personal' | 'secret'
  readonly why: string
}

const POINTERS = new Set(words('id ids uid uuid guid pk fk'))

/** What a name tells. A key is not the thing that it refers to: `address_id` is no address. */
export function toldByName(name: string, isPointer: boolean): PrivacyGuess | null {
  const parts = wordsOf(name)
  const last = parts.at(-1) ?? ''
  if (isPointer && POINTERS.has(last)) {
    const number = parts.find((part) => NATIONAL.has(part))
    return number === undefined ? null : { privacy: 'personal', why: `“${number}” in its name` }
  }
  const pairs = parts.slice(1).map((part, index) => `${parts[index]}_${part}`)
  const secret = parts.find((part) => SECRET.has(part)) ?? pairs.find((pair) => SECRET_PAIRS.includes(pair))
  if (secret !== undefined) return { privacy: 'secret', why: `“${secret.replace('_', ' ')}” in its name` }
  const personal = parts.find((part) => PERSONAL.has(part) || NATIONAL.has(part))
  return personal === undefined ? null : { privacy: 'personal', why: `“${personal}” in its name` }
}

export function toldByComment(comment: string | null): PrivacyGuess | null {
  if (comment === null) return null
  const text = plain(comment).toLowerCase()
  const secret = SECRET_COMMENT.exec(text)?.[0]
  if (secret !== undefined) return { privacy: 'secret', why: `“${secret}” in its comment` }
  const personal = IN_COMMENTS.exec(text)?.[0]
  return personal === undefined ? null : { privacy: 'personal', why: `“${personal}” in its comment` }
}
