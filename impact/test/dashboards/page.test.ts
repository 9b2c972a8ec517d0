/** La page des tableaux de bord dit les questions que le code pose, sans en oublier ni en inventer. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { questionsOf } from '../../../packages/vitrine/src/publication/dashboard.ts'
import { tableaux } from '../../dashboards/index.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/tableaux-de-bord.md'), 'utf8')

test.each(tableaux.map((tableau) => [tableau.title, tableau]))('%s', (titre, tableau) => {
  const [, suite = ''] = page.split(`## ${titre}\n`)
  const lignes = suite.split('\n## ', 1)[0]?.match(/^\| `.*$/gm)
  expect(suite).toContain(tableau.description)
  expect(lignes).toEqual(
    questionsOf([tableau]).map(({ key, title, description }) => `| \`${key}\` | ${title} | ${description} |`),
  )
})
