/** Les tableaux de bord d’Impact dans un Metabase qu’une adresse désigne (`scripts/try-metabase.mjs`) : chaque question y répond. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definePublication } from 'vitrine'
import { vitrine } from '../../../packages/vitrine/src/cli/vitrine.ts'
import { collectionsOf } from '../../../packages/vitrine/src/dashboards/card.ts'
import { withDashboards } from '../../../packages/vitrine/src/publication/publication.ts'
import { LiveMetabase, PATIENT } from '../../../packages/vitrine/test/metabase/live.ts'
import { Databases } from '../../../test/documentation/guide.ts'
import { impact } from '../../cli/impact.ts'
import impactPublication from '../../publication/index.ts'
import { run } from '../cli/run.ts'

const given = process.env['METABASE_TEST_URL'] ?? ''
const size = process.env['METABASE_TEST_SIZE'] ?? 'S'

describe.skipIf(given === '')('un Metabase que METABASE_TEST_URL désigne', () => {
  const suffix = randomBytes(4).toString('hex')
  let folder: string
  const plain = definePublication({
    ...impactPublication,
    name: `impact-${suffix}`,
    writer: `impact_${suffix}`,
    reader: `metabase_${suffix}`,
    metabase: { source: `Impact ${suffix}`, team: `Équipe ${suffix}` },
    limits: { ...impactPublication.limits, ...PATIENT },
  })
  // Chaque essai a ses propres collections, pour sa propre équipe.
  const collections = new Map(
    collectionsOf(impactPublication.dashboards).map((each) => {
      return [each.key, { ...each, name: `${each.name} ${suffix}`, access: { [plain.metabase.team]: 'read' as const } }]
    }),
  )
  const publication = withDashboards(
    plain,
    impactPublication.dashboards.map((tableau) => {
      return { ...tableau, collection: collections.get(tableau.collection.key) ?? tableau.collection }
    }),
  )
  let databases: Databases
  let metabase: LiveMetabase
  let environment: Readonly<Record<string, string>>
  const command = (line: string, about = publication) =>
    run({ ...vitrine, publication: about }, line, { environment, folder })
  async function reussit(line: string, about = publication): Promise<string> {
    const { status, stdout, stderr } = await command(line, about)
    expect([line, status, stderr]).toEqual([line, 0, stderr])
    return stdout
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'impact-live-'))
    metabase = await LiveMetabase.reach()
    databases = await Databases.create('live', publication.writer, publication.reader)
    const { email, password } = metabase.admin
    const login = { METABASE_ADMIN_EMAIL: email, METABASE_ADMIN_PASSWORD: password }
    environment = { ...databases.environment(publication.schema), METABASE_URL: metabase.url, ...login }
    for (const line of ['migrate', `sample --size ${size}`])
      expect(await run(impact, line, { environment })).toMatchObject({ status: 0 })
    for (const line of ['provision --source', 'provision', 'migrate', 'sync']) await reussit(line)
  }, 600_000)
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await databases.drop()
  })

  test('a tous les tableaux de bord, et chaque question répond comme le lecteur', async () => {
    await reussit('metabase setup --key-file metabase.env')
    const [, cle = ''] = readFileSync(join(folder, 'metabase.env'), 'utf8').trim().split(/=(.*)/)
    environment = { ...environment, METABASE_API_KEY: cle }
    let questions = 0
    const titres: unknown[] = []
    for (const { name } of collectionsOf(publication.dashboards)) {
      const { id } = await metabase.named('/collection', name)
      titres.push(...(await metabase.items(id, 'dashboard')).map((tableau) => tableau['name']))
      for (const carte of await metabase.items(id, 'card')) {
        expect([carte['name'], (await metabase.rows(carte.id)).length]).toEqual([carte['name'], expect.any(Number)])
        questions += 1
      }
    }
    expect(titres.toSorted()).toEqual(publication.dashboards.map(({ title }) => title).toSorted())
    expect(questions).toBeGreaterThan(50)
    expect(await reussit('metabase plan')).toBe('Metabase is in step: nothing to do.\n')
    await reussit('metabase apply', withDashboards(publication, []))
  }, 1_800_000)
})
