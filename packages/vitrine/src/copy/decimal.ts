/** PostgreSQL's binary numeric (groups of four decimal digits) to and from its exact decimal text. */

const POSITIVE = 0x0000
const NEGATIVE = 0x4000
const SPECIAL = new Map([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
])

/** The decimal text of the numeric at `offset`: digits, at most one point, no exponent; or NaN, Infinity, -Infinity. */
export function numericText(bytes: Buffer, offset: number): string {
  const groups = bytes.readUInt16BE(offset)
  const weight = bytes.readInt16BE(offset + 2)
  const sign = bytes.readUInt16BE(offset + 4)
  const scale = bytes.readUInt16BE(offset + 6)
  const special = SPECIAL.get(sign)
  if (special !== undefined) return special
  const group = (index: number): string =>
    String(index >= 0 && index < groups ? bytes.readUInt16BE(offset + 8 + 2 * index) : 0).padStart(4, '0')
  let whole = ''
  for (let index = 0; index <= weight; index++) whole += group(index)
  let fraction = ''
  for (let index = weight + 1; fraction.length < scale; index++) fraction += group(index)
  const text = whole.replace(/^0+(?=\d)/, '') || '0'
  return (sign === NEGATIVE ? '-' : '') + (scale > 0 ? `${text}.${fraction.slice(0, scale)}` : text)
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** The binary numeric of a decimal text; null when the text is not one. */
export function numericBytes(text: string): Buffer | null {
  for (const [sign, name] of SPECIAL) if (name === text) return wordsOf([0, 0, sign, 0])
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const whole = (match[2] ?? '').replace(/^0+/, '')
  const fraction = match[3] ?? ''
  if (whole.length > 131_072 || fraction.length > 16_383) return null
  const groupsBefore = Math.ceil(whole.length / 4)
  const digits = whole.padStart(4 * groupsBefore, '0') + fraction.padEnd(4 * Math.ceil(fraction.length / 4), '0')
  const groups = digits.match(/.{4}/g) ?? []
  // The server takes zeros at either end away, and the sign of zero.
  return wordsOf([groups.length, groupsBefore - 1, match[1] === '' ? POSITIVE : NEGATIVE, fraction.length, ...groups])
}

function wordsOf(words: readonly (number | string)[]): Buffer {
  const bytes = Buffer.alloc(2 * words.length)
  words.forEach((word, index) => {
    bytes.writeUInt16BE(Number(word) & 0xffff, 2 * index)
  })
  return bytes
}
