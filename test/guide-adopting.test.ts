/** The guide for adopters is executed: its files are written, its commands run with the build of the tool, on real databases. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './documentation/commands.ts'
import { commandsOf, Databases, fencesIn } from './documentation/guide.ts'

/** Their own tests say what they do. */
const ELSEWHERE = /^npx --no vitrine (?:schedule|follow|init|register|url|embedded|demo)\b/

describe.sequential('docs/adopting.md, in a project of its own, with the build of the tool', () => {
  const page = 'docs/adopting.md'
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-adopting-'))
  let databases: Databases

  beforeAll(async () => {
    databases = await Databases.create('library', 'library_writer', 'library_reader')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
    for (const { file, text } of fencesIn(page)) {
      if (file === null) continue
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    const client = await databases.source.connect({ role: databases.app })
    await client.query(readFileSync(join(folder, 'library.sql'), 'utf8'))
    await client.query(`
      insert into member (email, password_hash, joined_on, town)
        select 'm' || n || '@example.org', 'x', date '2024-01-31' + n, 'Town ' || n % 3 from generate_series(1, 20) n;
      insert into loan (member_id, title, dewey, lent_on)
        select 1 + n % 20, 'Title ' || n, nullif(n % 11, 10) * 100 + n % 100, date '2025-05-05' from generate_series(1, 60) n`)
    await databases.source.close(client)
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await databases.drop()
  })

  /** What a program of the project writes on stdout. */
  function written(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const { PATH = '', HOME = '' } = process.env
      const options = { cwd: folder, env: { PATH, HOME, ...environment } }
      execFile(process.execPath, argv, options, (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`${argv.join(' ')}\n${stdout}${stderr}`)),
      )
    })
  }
  const vitrine = (argv: readonly string[], environment: Readonly<Record<string, string>>) =>
    written([join(folder, 'node_modules/vitrine/dist/cli/main.js'), ...argv], environment)
  const compile = () => written([join(folder, 'node_modules/typescript/bin/tsc')])

  /** The rows that the reader gets. */
  async function asReader(sql: string): Promise<readonly unknown[]> {
    return databases.target.ask(sql, { role: databases.roles[1] })
  }

  test('from the first file to the reader', async () => {
    const all = databases.environment('library')
    const shell: Record<string, string> = {}
    const done = new Map<string, string>()
    const selected: (readonly unknown[])[] = []
    for (const { after, environment, words, into } of commandsOf(page)) {
      const [first = '', second = '', ...rest] = words.filter((word) => word !== '--no')
      if (first === 'export') {
        const name = second.split('=', 1)[0] ?? ''
        shell[name] = all[name] ?? ''
        done.clear()
      }
      if (first === 'psql') selected.push(await asReader(rest[1] ?? ''))
      const line = words.join(' ')
      // All succeed, so what stands after || is not due; and what was run once in this shell would do the same again.
      if (first !== 'npx' || after === 'failure' || done.has(line) || ELSEWHERE.test(line)) continue
      const own = Object.fromEntries(Object.keys(environment).map((name) => [name, all[name] ?? '']))
      const printed = second === 'tsc' ? await compile() : await vitrine(rest, { ...shell, ...own })
      done.set(line, printed)
      if (into !== null) writeFileSync(join(folder, into), printed)
    }
    expect(done.get('npx --no vitrine check --lineage')).toBeUndefined()
    expect(done.get('npx --no vitrine check')).toContain('The source is what the register describes.')
    expect(done.get('npx --no vitrine sync')).toMatch(/library_member +20 [\s\S]*Published 3 tables/)
    expect(selected.map((rows) => rows.length)).toEqual([11, 1, 3])
  })

  test('what the guide says would not compile does not', async () => {
    const file = join(folder, 'publication/member.ts')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('joined:', "email: text(ref('m.email'), 'Address'),\n    joined:"))
    await expect(compile()).rejects.toThrow(
      /publication\/member\.ts\(10,33\).*member\.email is personal: it needs a treatment/,
    )
  })
})
