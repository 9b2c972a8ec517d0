/** What people change or make in Metabase, as TypeScript that compiles and leaves nothing to plan. Part of `set-up.test.ts`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { checkDashboards } from '../../src/dashboards/dashboard-check.ts'
import type { Publication } from '../../src/index.ts'
import type { Entity } from './answers.ts'
import type { metabaseShop } from './metabase-shop.ts'

const root = resolve(import.meta.dirname, '../../../..')

/** Runs `work` on a new folder of the repository, where the compiler finds what it needs. */
async function inFolder(work: (folder: string, from: string) => Promise<void>): Promise<void> {
  mkdirSync(join(root, '.vitrine'), { recursive: true })
  const folder = mkdtempSync(join(root, '.vitrine/pull-'))
  try {
    await work(folder, relative(folder, join(import.meta.dirname, 'shop-dashboards.ts')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function compiled(folder: string): string {
  const settings = {
    extends: join(root, 'tsconfig.test.json'),
    compilerOptions: { types: ['node'] },
    include: [`${folder}/*.ts`],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const words = [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false']
  return spawnSync(process.execPath, words, { encoding: 'utf8', cwd: root }).stdout
}

export function pullTests(shop: () => Awaited<ReturnType<typeof metabaseShop>>): void {
  const named = (list: readonly Entity[], name: string): Entity => {
    const found = list.find((each) => each['name'] === name)
    if (found === undefined) throw new Error(`no ${name}`)
    return found
  }
  const stageOf = (card: Entity): Entity => (card['dataset_query'] as { stages: Entity[] }).stages[0] ?? {} // sound because it is structured.
  const cards = (board: Entity) => board['dashcards'] as Entity[] // sound because the stand-in keeps them so.
  const country = () => Number(shop().metabase.field('shop_customer.country')['id'])

  /** Pulls, compiles, checks and takes over; gives the text and what is said. */
  async function taken(line: string, work: (publication: Publication) => Promise<void>) {
    const said = { text: '', stderr: '' }
    await inFolder(async (folder, from) => {
      const { status, stdout, stderr } = await shop().command(`${line} --output pulled.ts --from ${from}`, { folder })
      expect([status, stdout]).toEqual([0, expect.stringContaining('Wrote pulled.ts')])
      Object.assign(said, { text: readFileSync(join(folder, 'pulled.ts'), 'utf8'), stderr })
      expect(compiled(folder)).toBe('')
      const again = await shop().command(`${line} --output pulled.ts --from ${from}`, { folder })
      expect([again.status, again.stderr]).toEqual([EXIT.usage, expect.stringContaining('EEXIST')])
      const { default: module } = (await import(join(folder, 'pulled.ts'))) as { default: Publication } // sound because it compiles.
      const publication = { ...shop().at.program.publication, dashboards: module.dashboards }
      expect((await checkDashboards(publication)).problems).toEqual([])
      await work(publication)
    })
    return said
  }

  describe('what is pulled', () => {
    test('is what people changed by hand, as TypeScript; taken over, it leaves nothing to plan', async () => {
      const { metabase, command, written } = shop()
      const byCountry = named(metabase.cards, 'Customers by country, l’été')
      const before = structuredClone([metabase.cards, metabase.dashboards])
      const stage = stageOf(byCountry)
      Object.assign(byCountry, {
        name: `Par pays d'*/ été 🏖️ \\ \` $\{x}`,
        description: 'Vu\npar "nous"',
        display: 'row',
      })
      Object.assign(byCountry['visualization_settings'] as Entity, { 'graph.x_axis.title_text': 'Pays' })
      stage['filters'] = [['!=', { 'lib/uuid': 'x' }, ['field', { 'base-type': 'type/Text' }, country()], 'C4']]
      stage['limit'] = 3
      const board = metabase.dashboards[0] ?? {}
      Object.assign(named(metabase.cards, 'Customers'), { display: 'table' })
      Object.assign(board, {
        name: 'Who buys, since when?',
        dashcards: [
          ...cards(board).map((card) => ({
            ...card,
            row: Number(card['row']) + 2,
            size_x: 8,
            col: Number(card['col']) === 0 ? 3 : 12,
          })),
          {
            id: 9_001,
            card_id: null,
            row: 0,
            col: 0,
            size_x: 24,
            size_y: 1,
            parameter_mappings: [],
            visualization_settings: { text: 'Ours', virtual_card: { display: 'heading' } },
          },
        ],
      })
      Object.assign((board['parameters'] as Entity[])[0] ?? {}, { default: ['C1'], name: 'Land' })
      const { text, stderr } = await taken('pull', async (publication) => {
        expect((await command('plan', { publication })).stdout).toBe('Metabase is in step: nothing to do.\n')
      })
      expect(stderr).toBe('')
      expect(text).toContain("where: [['country', '!=', 'C4']], limit: 3")
      expect(text).toMatch(/^const question\d = question\(\{ \.\.\.questionIn\(published, 'customers-by-country'\), /m)
      metabase.cards.splice(0, 9, ...((before[0] as Entity[]) ?? []))
      metabase.dashboards.splice(0, 9, ...((before[1] as Entity[]) ?? []))
      expect(await written('pull')).toBe('Nothing to pull.\n')
    })

    test('is what people made, with --adopt: it keeps its identity, and is ours after an apply', async () => {
      const { metabase, command, written } = shop()
      const table = stageOf(named(metabase.cards, 'Customers by country, l’été'))['source-table']
      const database = metabase.databases[0]?.['id']
      const query = { 'lib/type': 'mbql/query', database }
      const column = ['field', { 'base-type': 'type/Text' }, country()]
      const card = (id: number, name: string, dataset_query: object, more: object = {}) => ({
        ...{
          id,
          name,
          description: null,
          display: 'bar',
          archived: false,
          collection_id: 700,
          entity_id: `${'a'.repeat(18)}${id}`,
        },
        ...{ visualization_settings: {}, parameters: [], dataset_query, ...more },
      })
      metabase.collections.push({ id: 700, name: 'Nôtres', description: null, location: '/', archived: false })
      const stage = { 'lib/type': 'mbql.stage/mbql', 'source-table': table }
      const counted = {
        ...stage,
        aggregation: [['count', {}]],
        breakout: [column],
        'order-by': [['desc', {}, ['aggregation', {}, 'u']]],
      }
      metabase.cards.push(
        card(701, 'Par pays', {
          ...query,
          stages: [{ ...counted, aggregation: [['count', { 'lib/uuid': 'u' }]], filters: [['not-null', {}, column]] }],
        }),
        card(702, 'Récemment', {
          ...query,
          stages: [{ ...stage, aggregation: [['count', {}]], filters: [['time-interval', {}, column, -30, 'day']] }],
        }),
        card(703, 'En SQL', { database, type: 'native', native: { query: 'select 1' } }),
        card(
          704,
          'Combien ?',
          { ...query, stages: [{ ...stage, aggregation: [['count', {}]] }] },
          { display: 'scalar' },
        ),
      )
      const tile = (id: number, row: number) => ({
        id: 9_100 + row,
        card_id: id,
        row,
        col: 0,
        size_x: 24,
        size_y: 7,
        parameter_mappings: [],
        visualization_settings: {},
      })
      metabase.dashboards.push({
        id: 710,
        name: 'À nous tous',
        description: 'Fait à la main',
        collection_id: 700,
        caveats: null,
        archived: false,
        parameters: [],
        tabs: [],
        entity_id: 'b'.repeat(21),
        dashcards: [tile(701, 0), tile(704, 7)],
      })
      const { stderr } = await taken('pull --adopt Nôtres', async (publication) => {
        const planned = (await command('plan', { publication })).stdout
        expect(planned).not.toMatch(/^\+ (?:question|dashboard)/m)
        expect(planned).toContain('~ question par-pays: description')
        await written('apply', { publication })
        expect(metabase.cards.filter(({ entity_id: id }) => id === `${'a'.repeat(18)}701`)).toHaveLength(1)
        expect(metabase.dashboards.find(({ id }) => id === 710)).toMatchObject({ archived: false, name: 'À nous tous' })
        expect((await command('plan', { publication })).stdout).toBe('Metabase is in step: nothing to do.\n')
      })
      expect(stderr).toContain('«Récemment» (number 702): it counts from now')
      expect(stderr).toContain('«En SQL» (number 703): it is SQL')
      const unknown = await command('pull --adopt nowhere')
      expect([unknown.status, unknown.stderr]).toEqual([
        EXIT.usage,
        expect.stringContaining('No collection is called «nowhere»'),
      ])
      await written('apply')
      expect(metabase.cards.filter(({ id }) => id === 701 || id === 703).map((each) => each['archived'])).toEqual([
        true,
        false,
      ])
    })
  })
}
