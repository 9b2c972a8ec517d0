/** The third application on Scalingo and the script that installs all three, with a `scalingo` that only writes down what it is asked. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import publication from '../impact/publication/index.ts'
import { parseAddress } from '../packages/vitrine/src/postgres/address.ts'
import { scalingoProblem } from './deploy/scalingo.ts'
import { root } from './documentation/commands.ts'

const place = join(root, 'deploy/scalingo')
const read = (path: string): string => readFileSync(join(place, path), 'utf8')
const manifest: { readonly env: Readonly<Record<string, { readonly value?: string; readonly generator?: string }>> } =
  JSON.parse(read('metabase/scalingo.json'))

describe('the application of Metabase', () => {
  test('has what its buildpacks look for', () => {
    expect(read('metabase/.buildpacks').trim().split('\n')).toEqual([
      expect.stringContaining('jvm'),
      expect.stringContaining('metabase-buildpack'),
    ])
    expect(read('metabase/system.properties')).toBe('java.runtime.version=21\n')
    expect(read('metabase/pom.xml')).toBe('')
    expect(read('metabase/Procfile')).toBe('web: HEROKU=true ./bin/start\n')
  })

  test('is pinned to the version of the compose file, and counts days where the publication does', () => {
    const { METABASE_VERSION, JAVA_OPTS, MB_ENCRYPTION_SECRET_KEY } = manifest.env
    const compose = readFileSync(join(root, 'deploy/compose.yaml'), 'utf8')
    expect(compose).toContain(`image: metabase/metabase:${METABASE_VERSION?.value}\n`)
    expect(JAVA_OPTS?.value).toBe(`-Duser.timezone=${publication.zone}`)
    expect(MB_ENCRYPTION_SECRET_KEY?.generator).toBe('secret')
  })
})

describe.sequential('installer.sh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-scalingo-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  /** Keeps variables and applications in files, as the platform does. */
  writeFileSync(
    join(folder, 'scalingo'),
    `#!/bin/sh
cd '${folder}'
printf '%s\\037' "$@" >>asked; echo >>asked
[ "$1" = create ] && { touch "app-$2"; exit; }
app=$2; shift 2
[ "$1" = --addon ] && shift 2
case $1 in
  apps-info) [ -e "app-$app" ] ;;
  addons) [ -e "db-$app" ] && echo postgresql ;;
  addons-add) touch "db-$app"; url="postgres://$app:own@$app.example.org:3000/\${app}_1?sslmode=prefer"
    printf '%s\\n' "SCALINGO_POSTGRESQL_URL=$url" "DATABASE_URL=$url" >>"env-$app" ;;
  env-set) shift; printf '%s\\n' "$@" >>"env-$app" ;;
  env-get) sed -n "s/^$2=//p" "env-$app" 2>/dev/null | tail -n 1 ;;
  run) case $* in *setup*) printf 'METABASE_API_KEY=mb_key=\\r\\n' ;; esac ;;
esac
`,
    { mode: 0o755 },
  )
  const names = ['impact-x', 'donnees-x', 'metabase-x']
  function install(step: string, input = '') {
    rmSync(join(folder, 'asked'), { force: true })
    const env = { PATH: `${folder}:${process.env['PATH']}`, TMPDIR: folder }
    const { status, stderr } = spawnSync('sh', [join(place, 'installer.sh'), step, ...names], { env, input })
    expect([status, String(stderr)]).toEqual([0, ''])
    const lines = readFileSync(join(folder, 'asked'), 'utf8').trimEnd().split('\n')
    return lines.map((line) => line.split('\u001f').slice(0, -1))
  }
  /** What stands at last. */
  const variables = (app: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      readFileSync(join(folder, `env-${app}`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(/=(.*)/, 2)),
    )
  const known = async (asked: readonly (readonly string[])[]) =>
    expect((await Promise.all(asked.map(scalingoProblem))).filter((problem) => problem !== null)).toEqual([])

  test('creer: three applications, three users, every variable, Metabase deployed', async () => {
    const asked = install('creer')
    await known(asked)
    expect(asked.filter(([first]) => first === 'create').map(([, name]) => name)).toEqual(names)
    // Without a page, a web container would be the demonstration.
    expect(asked).toContainEqual(['--app', 'impact-x', 'scale', 'web:0:M'])
    const { SCALINGO_POSTGRESQL_URL, DATABASE_URL: own, ...metabase } = variables('metabase-x')
    expect(Object.keys(metabase).toSorted()).toEqual(Object.keys(manifest.env).toSorted())
    for (const [name, { value }] of Object.entries(manifest.env))
      if (value !== undefined) expect([name, metabase[name]]).toEqual([name, value])
    const urls = variables('impact-x')
    const addressOf = (name: string) => parseAddress(urls[name] ?? '', name)
    expect(addressOf('DATABASE_URL')).toMatchObject({
      user: 'vitrine_source',
      host: 'impact-x.example.org',
      port: 3000,
    })
    expect(addressOf('METABASE_DATABASE_URL')).toMatchObject({
      ...{ user: publication.writer, database: 'donnees-x_1', schema: publication.schema, sslMode: 'require' },
    })
    expect(addressOf('METABASE_READER_URL')).toMatchObject({ user: publication.reader, sslMode: 'require' })
    expect(addressOf('METABASE_ADMIN_URL')).toMatchObject({ user: 'donnees-x', database: 'donnees-x_1' })
    expect(urls['DATABASE_ADMIN_URL']).toBe('$SCALINGO_POSTGRESQL_URL')
    expect(urls['METABASE_URL']).toBe(metabase['MB_SITE_URL'])
    const archive = asked.find((words) => words[2] === 'deploy')?.[3] ?? ''
    const { stdout } = spawnSync('tar', ['-tzf', archive])
    expect(String(stdout)).toMatch(/^metabase\/\n[\s\S]*metabase\/\.buildpacks\n/)
  })

  test('creer again makes nothing twice, and changes no password and no key', async () => {
    const before = [variables('impact-x'), variables('metabase-x')]
    const asked = install('creer')
    expect(
      asked.filter((words) => words.some((word) => /^(create|addons-add|database-users-create)$/.test(word))),
    ).toEqual([])
    expect([variables('impact-x'), variables('metabase-x')]).toEqual(before)
  })

  test('terminer: the owner’s address goes, Metabase is set up, its key is kept, everything is looked at', async () => {
    const asked = install('terminer', 'ana@example.org\n')
    await known(asked)
    expect(asked[0]).toEqual(['--app', 'impact-x', 'env-unset', 'METABASE_ADMIN_URL'])
    expect(variables('impact-x')['METABASE_API_KEY']).toBe('mb_key=')
    expect(asked.filter((words) => words.at(-1)?.endsWith('doctor'))).toHaveLength(2)
    // With a key it is not asked again.
    expect(install('terminer').filter((words) => words.at(-1)?.includes('setup'))).toEqual([])
  })
})

test('what is left by hand is at most fifteen steps, counted in the page', () => {
  const [, section = ''] = /## Ce qui se fait à la main\n([\s\S]*?)\n## /.exec(read('README.md')) ?? []
  const steps = section.match(/^\d+\. /gm) ?? []
  expect(steps.map((step) => Number.parseInt(step, 10))).toEqual(steps.map((_, n) => n + 1))
  expect(steps.length).toBeGreaterThan(5)
  expect(steps.length).toBeLessThanOrEqual(15)
  for (const [, file = ''] of section.matchAll(/sh (deploy\/\S+)/g)) expect(existsSync(join(root, file))).toBe(true)
})
