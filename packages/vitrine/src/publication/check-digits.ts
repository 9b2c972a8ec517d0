/** Checksums: they tell a NIR, an IBAN or a card number from any other number of the same length. */

const digitsOf = (text: string): string => text.replace(/[^0-9]/g, '')

/** The key of a NIR is 97 minus the number modulo 97; 2A and 2B (Corsica) count as 19 and 18. Source: INSEE. */
export function hasNirKey(found: string): boolean {
  const compact = found.replace(/[^0-9AaBb]/g, '')
  const digits = compact.replace(/2[Aa]/, '19').replace(/2[Bb]/, '18')
  const month = Number(digits.slice(3, 5))
  const isMonth = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50
  if (!/^[0-9]{15}$/.test(digits) || !isMonth) return false
  const key = Number(digits.slice(13))
  return 97 - (Number(digits.slice(0, 13)) % 97) === key
}

/** How long an IBAN is in each country (registry of ISO 13616). */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
    'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
    'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)
/** Where groups end: every four characters, or as on a French bank details slip (RIB). */
const isGroupEnd = (at: number): boolean => at % 4 === 0 || at === 9 || at === 14 || at === 25

/** Whether the text begins with an IBAN: the length of its country, with or without groups, and 1 modulo 97 (ISO 13616). */
export function hasIbanKey(found: string): boolean {
  const length = IBAN_LENGTHS.get(found.slice(0, 2).toUpperCase())
  let compact = ''
  let at = 0
  for (; at < found.length && compact.length !== length; at++) {
    const character = found[at] ?? ''
    if (/[0-9A-Za-z]/.test(character)) compact += character
    else if (!isGroupEnd(compact.length)) return false
  }
  if (compact.length !== length || /[0-9A-Za-z]/.test(found[at] ?? '')) return false
  // Identifiers in hexadecimal can look like an IBAN of a country such as AE: there, only digits may follow.
  if (/^[0-9a-f]+$/i.test(compact) && !/^..[0-9]+$/.test(compact)) return false
  let rest = 0
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** The schemes whose cards are in use, each by its first digits and its length (ISO/IEC 7812). */
const SCHEMES = [
  /^4[0-9]{15}$/, // Visa
  /^(?:5[1-5][0-9]{4}|222[1-9][0-9]{2}|22[3-9][0-9]{3}|2[3-6][0-9]{4}|27[01][0-9]{3}|2720[0-9]{2})[0-9]{10}$/, // Mastercard
  /^3[47][0-9]{13}$/, // American Express
  /^(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12}$/, // Discover
  /^35(?:2[89]|[3-8][0-9])[0-9]{12}$/, // JCB
  /^62[0-9]{14}$/, // UnionPay
  /^(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{12}$/, // Maestro
  /^3(?:0[0-5]|[689][0-9])[0-9]{11}$/, // Diners Club
]

/** The number of a card scheme, whose digits pass Luhn's sum. */
export function hasCardKey(found: string): boolean {
  const digits = digitsOf(found)
  if (!SCHEMES.some((scheme) => scheme.test(digits))) return false
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index])
    const weighted = index % 2 === 0 ? digit : digit * 2
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}
