/** Values as PostgreSQL writes them, counted as they come in: a result that would fill the memory is cut before it does. */

export interface TextRows {
  readonly columns: readonly { readonly name: string; readonly oid: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** There are more rows, which were too much. */
  readonly isCut: boolean
}

/** In characters: what a result may hold together, and one value of it. */
export interface TextBounds {
  readonly all: number
  readonly one: number
}

/** A part of a long text keeps all of it in memory; its copy does not. */
const copied = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')

type Row = readonly (string | null | undefined)[]

/** For one result: reads its values, and tells its rows up to the first that has none left. */
export function boundedTexts({ all, one }: TextBounds) {
  let left = all
  return {
    parse: (value: string): string | undefined => {
      const kept = value.length > one ? copied(`${value.slice(0, one)}…`) : value
      left -= kept.length
      return left < 0 ? undefined : kept
    },
    whole: (given: readonly Row[]): Pick<TextRows, 'rows' | 'isCut'> => {
      const end = given.findIndex((row) => row.includes(undefined))
      // sound because the rows before the first that was cut have all their values.
      const rows = (end < 0 ? given : given.slice(0, end)) as TextRows['rows']
      return { rows, isCut: end >= 0 }
    },
  }
}
