/** `sample`: fills an empty operational database with invented companies and people. */

import { type Call, type Command, countText, duration, writing } from 'vitrine/cli'
import { type ExitName, VitrineError } from 'vitrine/run'
import { loadSample, SAMPLE_SIZES, type SampleSize } from '../../database/sample.ts'
import { applicationAddress } from '../application.ts'

export const DEFAULT_SIZE: SampleSize = 'M'

export const sample: Command = {
  name: 'sample',
  summary: 'remplit une base opérationnelle vide de données inventées',
  description:
    'Charge des entreprises, des personnes et des rapports inventés. La même taille et le même jour donnent les mêmes ' +
    'lignes. Une base qui contient déjà des lignes est refusée.',
  options: {
    '--size <size>': 'S (300 entreprises), M (5 000) ou L (50 000) ; M par défaut',
    '--day <day>': 'jour de l’échantillon, AAAA-MM-JJ ; aujourd’hui par défaut',
  },
  examples: [{ line: 'sample --size S', says: 'un petit échantillon, pour essayer' }],
  run,
}

/** The value of `--size`, or null. Throws USAGE. */
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

async function run(call: Call): Promise<ExitName> {
  const size = sizeOf(call) ?? DEFAULT_SIZE
  const today = call.text('day') ?? call.io.clock.now()
  const summary = await writing(call, 'source', applicationAddress(call), ({ client }) =>
    loadSample(client, { size, today }),
  )
  const companies = countText(summary.rows.entreprises_entreprise, 'fr-FR')
  const time = duration(summary.milliseconds, 'fr-FR')
  call.answer(summary, () => `Échantillon ${size} du ${summary.today} : ${companies} entreprises, en ${time}.\n`)
  return 'ok'
}
