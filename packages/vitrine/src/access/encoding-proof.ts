/** Proves that the texts of one side can be written on the other, whatever they are. Called by the doctor. */
import { serverEncoding } from '../catalogue/encoding.ts'
import { broken, type Guarantees, holds } from './finding.ts'

const REPAIRS = {
  source: 'Bytes that are no UTF-8 stop a run, with the column and the number of rows: correct them in the source.',
  target: "Make the database of the target anew: create database … encoding 'UTF8' template template0;",
} as const

/** Only a warning: runs succeed while no text holds a character that the other side lacks. */
export const encodingOf = (side: 'source' | 'target'): Guarantees => ({
  [`${side}-encoding`]: {
    guarantee: `The ${side} keeps its texts in an encoding that ${side === 'source' ? 'it checks' : 'has every character'}.`,
    expected: side === 'source' ? 'any but SQL_ASCII' : 'UTF8',
    proof: async ({ session }) => {
      const encoding = await serverEncoding(session)
      const isGood = side === 'source' ? encoding !== 'SQL_ASCII' : encoding === 'UTF8'
      return isGood ? holds(encoding) : broken(encoding, REPAIRS[side], 'warning')
    },
  },
})
