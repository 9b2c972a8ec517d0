/** PostgreSQL's binary numeric (groups of four decimal digits) to and from its exact decimal text. */

const POSITIVE = 0x0000
const NEGATIVE = 0x4000
const SPECIAL: Readonly<Record<number, string>> = { 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' }

/** The decimal text of the numeric at `offset`: digits, at most one point, no exponent; or NaN, Infinity, -Infinity. */
export function numericText(bytes: Buffer, offset: number): string {
  const groups = bytes.readInt16BE(offset)
  const weight = bytes.readInt16BE(offset + 2)
  const sign = bytes.readUInt16BE(offset + 4)
  const scale = bytes.readInt16BE(offset + 6)
  const special = SPECIAL[sign]
  if (special !== undefined) return special
  const group = (index: number): string =>
    String(index >= 0 && index < groups ? bytes.readInt16BE(offset + 8 + 2 * index) : 0).padStart(4, '0')
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
  const special = Object.entries(SPECIAL).find(([, name]) => name === text)
  if (special !== undefined) return header(0, 0, Number(special[0]), text === 'NaN' ? 0 : 0x20)
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const fraction = match[3] ?? ''
  const whole = (match[2] ?? '').replace(/^0+/, '')
  if (whole.length > 131_072 || fraction.length > 16_383) return null
  const digits =
    whole.padStart(Math.ceil(whole.length / 4) * 4, '0') + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0')
  const groups = (digits.match(/.{4}/g) ?? []).map(Number)
  let weight = Math.ceil(whole.length / 4) - 1
  while (groups[0] === 0) {
    groups.shift()
    weight -= 1
  }
  while (groups.at(-1) === 0) groups.pop()
  const sign = match[1] === '-' && groups.length > 0 ? NEGATIVE : POSITIVE
  const bytes = Buffer.alloc(8 + 2 * groups.length)
  header(groups.length, groups.length > 0 ? weight : 0, sign, fraction.length).copy(bytes)
  groups.forEach((group, index) => {
    bytes.writeInt16BE(group, 8 + 2 * index)
  })
  return bytes
}

function header(groups: number, weight: number, sign: number, scale: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeInt16BE(groups, 0)
  bytes.writeInt16BE(weight, 2)
  bytes.writeUInt16BE(sign, 4)
  bytes.writeUInt16BE(scale, 6)
  return bytes
}
