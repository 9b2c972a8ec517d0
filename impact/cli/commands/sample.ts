/** `sample`: fills an empty operational database with invented companies and people. */

import { type Call, type Command, type CommandWords, count, defineCommand, duration, withSession } from 'vitrine/cli'
import { type ExitName, VitrineError } from 'vitrine/run'
import { loadSample, SAMPLE_SIZES, type SampleSize } from '../../database/sample.ts'

export const DEFAULT_SIZE: SampleSize = 'M'

const WORDS = {
  summary: 'remplit une base opérationnelle vide de données inventées',
  description:
    'Charge des entreprises, des personnes et des rapports inventés. La même taille et le même jour donnent les mêmes ' +
    'lignes. Une base qui contient déjà des lignes est refusée.',
  options: {
    size: 'S (300 entreprises), M (5 000) ou L (50 000) ; M par défaut',
    day: 'jour de l’échantillon, AAAA-MM-JJ ; aujourd’hui par défaut',
  },
  examples: [{ line: 'sample --size S', says: 'un petit échantillon, pour essayer' }],
} satisfies CommandWords

/** The size asked for, or null. Throws USAGE. */
export function sizeOf(call: Call): SampleSize | null {
  const text = call.text('size')
  if (text === null) return null
  const sizes = Object.keys(SAMPLE_SIZES)
  const size = text.toUpperCase()
  if (!sizes.includes(size)) {
    throw new VitrineError('USAGE', { place: '--size', detail: `It is one of ${sizes.join(', ')}.` })
  }
  return size as SampleSize // sound because it is a key of SAMPLE_SIZES.
}

export const defineSample = (): Command =>
  defineCommand('sample', WORDS, { size: '--size <size>', day: '--day <day>' }, sample)

async function sample(call: Call): Promise<ExitName> {
  const size = sizeOf(call) ?? DEFAULT_SIZE
  const day = call.text('day')
  const publication = await call.publication()
  const { source } = call.settings(publication, { source: 'required' })
  const wish = { side: 'source', address: source, readOnly: false } as const
  const summary = await withSession(call, publication, wish, ({ client }) =>
    loadSample(client, { size, today: day ?? call.io.clock.now() }),
  )
  const companies = count(call.language, summary.rows.entreprises_entreprise)
  const time = duration(call.language, summary.milliseconds)
  call.answer(summary, () => `Échantillon ${size} du ${summary.today} : ${companies} entreprises, en ${time}.\n`)
  return 'ok'
}
