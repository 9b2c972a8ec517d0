import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/base/errors.ts'
import { TOOL_VERSION } from '../../src/base/version.ts'
import type { Call, Command } from '../../src/cli/command.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { shop } from '../publication/shop.ts'
import { run } from './captured-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const publication = shop({ writer: 'shop_writer', reader: 'shop_reader' })
const onShop = { ...vitrine, publication }

describe('help and version', () => {
  test('vitrine, alone or with --help or -h', async () => {
    const outcome = await run(vitrine, '')
    expect(outcome).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('Usage: vitrine <command>'),
    })
    for (const line of ['--help', '-h', '--json --help']) expect(await run(vitrine, line)).toEqual(outcome)
  })

  test.each(vitrine.commands.map(({ name }) => name))('vitrine %s --help', async (name) => {
    const { status, stdout } = await run(vitrine, `${name} --help`)
    // The text itself is compared with docs/reference/commands.md.
    expect([status, stdout]).toEqual([0, expect.stringContaining(`Usage: vitrine ${name} `)])
  })

  test('--version', async () => {
    expect(await run(vitrine, '--version')).toMatchObject({ status: 0, stdout: `${TOOL_VERSION}\n` })
  })

  test('every exit status is explained', async () => {
    const { stdout } = await run(vitrine, '')
    for (const status of Object.values(EXIT)) expect(stdout).toMatch(new RegExp(`^ {2}${status} +\\S`, 'm'))
  })
})

describe('a command line that is wrong', () => {
  test.each([
    ['synk', "Unknown command 'synk'. (Did you mean sync?)"],
    ['sync extra', "Too many arguments for 'sync'. Expected 0 arguments but got 1."],
    ['sync --allow-shrinks', "Unknown option '--allow-shrinks'. (Did you mean --allow-shrink?)"],
    ['postgresql://impact:canary@host/db', "Unknown command '[url]'."],
    ['sync --x=postgresql://impact:canary@host/db', "Unknown option '--x…'."],
    ['sync --Jean.canary@x', "Unknown option '--Jean…'."],
    ['sync --only', "Option '--only <tables...>' argument missing."],
    ['status --runs 0', 'It takes a whole number from 1 on.'],
  ])('%s', async (line, detail) => {
    const { status, stdout, stderr } = await run(onShop, line)
    expect([status, stdout]).toEqual([EXIT.usage, ''])
    expect(stderr).toContain(`error USAGE: The command line is wrong. ${detail}`)
    expect(stderr).not.toContain('canary')
  })

  test('with --json the error is on stdout too', async () => {
    const { stdout } = await run(vitrine, 'synk --json')
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', exit: 'usage' } })
  })
})

describe('the publication', () => {
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  test('no file here or above', async () => {
    const { status, stderr } = await run(vitrine, 'check', { folder })
    expect(status).toBe(EXIT.usage)
    expect(stderr).toContain(
      `error PUBLICATION_NOT_FOUND: The publication could not be loaded. No vitrine.config.js or vitrine.config.mjs in ${folder} or above it.`,
    )
  })

  test.each([
    ['export default { name: "x" }', 'Its default export is not a publication.'],
    ['export const other = 1', 'Its default export is not a publication.'],
    ['import "./absent.mjs"', /Cannot find module '.*absent\.mjs'/],
    ['\n\nJSON.parse("canary")', /Loading it failed, at .*\.mjs:3\./],
    ['\ntexte(1)', /texte is not defined, at .*\.mjs:2\.\n.*\n +what to do: Import it/],
    ['throw { canary: 1 }', 'Loading it failed.'],
    [
      'const f = () => { throw Object.assign(new Error("canary\\n    at /canary:1:1"), { code: "ERR_MODULE_NOT_FOUND" }) }\nf()',
      /Loading it failed, at .*\.mjs:1\./,
    ],
  ])('%s', async (text, detail) => {
    const path = write(`module-${Math.random()}.mjs`, text)
    const { status, stderr } = await run(vitrine, `check --publication ${path}`)
    expect(status).toBe(EXIT.usage)
    expect(stderr).toMatch(detail)
    expect(stderr).not.toContain('canary')
  })

  test('--publication names no file', async () => {
    const { stderr } = await run(vitrine, 'check --publication nowhere.mjs', { folder })
    expect(stderr).toContain(`There is no such file.\n  where: ${join(folder, 'nowhere.mjs')}`)
  })

  test('vitrine.config.mjs is found from a folder below', async () => {
    const below = join(folder, 'a', 'b')
    mkdirSync(below, { recursive: true })
    const path = write('vitrine.config.mjs', 'export default null')
    expect((await run(vitrine, 'check', { folder: below })).stderr).toContain(`not a publication.\n  where: ${path}`)
    rmSync(path)
  })
})

describe('check, without a database', () => {
  test('a sound publication', async () => {
    expect(await run(onShop, 'check')).toMatchInlineSnapshot(`
      {
        "exits": [],
        "status": 0,
        "stderr": "",
        "stdout": "The publication is sound: 2 tables, 11 columns.
      The source was not compared: DATABASE_URL is not set.
      ",
      }
    `)
  })

  test('--lineage is the dictionary', async () => {
    expect((await run(onShop, 'check --lineage')).stdout).toMatchSnapshot()
  })

  test('--json', async () => {
    const { stdout } = await run(onShop, 'check --json')
    const answer = JSON.parse(stdout)
    expect(answer).toMatchObject({ publication: 'shop', schema: 'shop', sourceCompared: false })
    expect(answer.tables[0].columns[3]).toEqual({
      name: 'person',
      type: 'uuid',
      nullable: false,
      comment: 'Pseudonym of the e-mail address',
      lineage: [
        {
          table: 'customer',
          column: 'email',
          privacy: 'personal',
          treatments: [expect.objectContaining({ name: 'pseudonym' })],
        },
      ],
    })
  })

  test('problems of the definitions and of the schedule, at once', async () => {
    const broken = { ...vitrine, publication: { ...publication, schedule: 'midnight', reader: publication.writer } }
    const { status, stderr } = await run(broken, 'check')
    expect(status).toBe(EXIT.definition)
    expect(stderr).toContain('2 problems.')
    expect(stderr).toContain('  - reader: ')
    expect(stderr).toContain('  - schedule: «midnight»')
  })
})

describe('missing settings are told before any connection', () => {
  test.each([
    ['plan', 'TARGET_URL_MISSING'],
    ['migrate', 'TARGET_URL_MISSING'],
    ['provision', 'TARGET_URL_MISSING'],
    ['status', 'TARGET_URL_MISSING'],
    ['doctor', 'TARGET_URL_MISSING'],
    ['drop', 'TARGET_URL_MISSING'],
    ['sync', 'SETTINGS_INVALID'],
    ['sync --only shop_costumer', 'TABLE_UNKNOWN'],
  ])('%s', async (line, code) => {
    const { status, stderr } = await run(onShop, line)
    expect(status).toBe(EXIT.usage)
    expect(stderr).toContain(`error ${code}: `)
  })

  test('a missing target is never replaced by the source', async () => {
    const environment = { DATABASE_URL: 'postgresql://app@127.0.0.1:1/app' }
    const { stderr } = await run(onShop, 'sync', { environment })
    expect(stderr).toContain('error TARGET_URL_MISSING')
  })
})

describe('interrupts', () => {
  const cut = (call: Call) =>
    new Promise<never>((_, reject) =>
      call.signal.addEventListener('abort', () => setTimeout(reject, 20, new Error('cut'))),
    )
  const wait: Command = { name: 'wait', summary: '', description: '', options: {}, examples: [], run: cut }
  const program = { ...onShop, commands: [wait] }

  test('the first stops the command in good order, with 130', async () => {
    const { status, stderr, exits } = await run(program, 'wait', { interrupt: (now) => setTimeout(now, 5) })
    expect([status, exits]).toEqual([EXIT.interrupted, []])
    expect(stderr).toContain('Interrupting: the previous version stays.')
    expect(stderr).toContain('error INTERRUPTED: ')
  })

  test('the second ends the process at once', async () => {
    const twice = (now: () => void) => void setTimeout(() => [now(), now()], 5)
    expect((await run(program, 'wait', { interrupt: twice })).exits).toEqual([EXIT.interrupted])
  })
})
