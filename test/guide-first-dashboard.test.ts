/** The page of the first dashboard is followed: its files are written and compiled, its commands run, and Metabase shows the dashboard. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StandIn } from '../packages/vitrine/test/metabase/stand-in.ts'
import { oursIn, root } from './documentation/commands.ts'
import { commandsOf, Databases, fencesIn } from './documentation/guide.ts'

const page = 'docs/first-dashboard.md'
const folder = mkdtempSync(join(tmpdir(), 'vitrine-first-'))
let databases: Databases
let metabase: StandIn

beforeAll(async () => {
  databases = await Databases.create('bakery', 'bakery_writer', 'bakery_reader')
  metabase = await StandIn.start()
  metabase.syncLag = 0
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  for (const { file, text } of fencesIn(page)) {
    if (file === null) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const client = await databases.source.connect({ role: databases.app })
  await client.query(readFileSync(join(folder, 'bakery.sql'), 'utf8'))
  await databases.source.close(client)
})
afterAll(async () => {
  await metabase.stop()
  await databases.drop()
  rmSync(folder, { recursive: true, force: true })
})

function written(argv: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const options = { cwd: folder, env: { PATH, HOME, ...environment } }
  return new Promise((resolve, reject) =>
    execFile(process.execPath, argv, options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${argv.join(' ')}\n${stdout}${stderr}`)),
    ),
  )
}

test('from the first file to a dashboard that somebody who was invited can open', async () => {
  const values: Readonly<Record<string, string>> = {
    ...databases.environment('bakery'),
    METABASE_URL: metabase.url,
    METABASE_SOURCE_URL: databases.target.url(databases.roles[1]),
    METABASE_ADMIN_EMAIL: 'you@example.org',
    METABASE_ADMIN_PASSWORD: 'a long password',
  }
  const shell: Record<string, string> = {}
  const followed: string[] = []
  for (const { words } of commandsOf(page)) {
    const name = words[0] === 'export' ? (words[1]?.split('=', 1)[0] ?? '') : null
    if (name !== null) {
      expect(values).toHaveProperty(name)
      shell[name] = values[name] ?? ''
    }
    const [npx, no, command = '', ...given] = words
    const program = { vitrine: 'vitrine/dist/cli/main.js', tsc: 'typescript/bin/tsc' }[command]
    if (npx !== 'npx' || no !== '--no' || program === undefined) continue
    await written([join(folder, 'node_modules', program), ...given], shell)
    followed.push([command, ...given].join(' '))
  }
  expect(followed).toHaveLength(7)
  expect(metabase.dashboards).toMatchObject([{ name: 'Sales' }])
  expect(metabase.collections.map(({ name }) => name)).toEqual(['Bakery'])
  expect(metabase.cards).toHaveLength(3)
  expect(await metabase.failingQuestions()).toEqual([])
  expect(metabase.users.map(({ email }) => email)).toEqual(['you@example.org', 'ana@example.org'])
  // The clone's command is tried where the demonstration is: here it is only one of ours.
  expect(commandsOf(page).filter(({ words }) => oursIn(words)?.program === 'start')).toHaveLength(1)
})

test('what the page says would not compile does not', async () => {
  const file = join(folder, 'publication/index.ts')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('  day: date(', "  who: text(ref('s.customer_email'), 'Who'),\n  day: date("))
  const compiled = written([join(folder, 'node_modules/typescript/bin/tsc')], {})
  await expect(compiled).rejects.toThrow(/sale\.customer_email is personal: it needs a treatment/)
})
