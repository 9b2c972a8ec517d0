/** A command that is told can be pasted by whoever reads it, however the program was started. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { calledAs } from '../../src/cli/called-as.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { run } from './captured-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'vitrine-called-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const withScript = join(folder, 'package.json')
writeFileSync(withScript, '{ "scripts": { "vitrine": "node main.js" } }')
const command = join(folder, process.platform === 'win32' ? 'vitrine.cmd' : 'vitrine')
writeFileSync(command, '')
chmodSync(command, 0o755)
const PATH = folder

test.each([
  ['npx', { npm_command: 'exec', npm_lifecycle_event: 'npx', npm_package_json: withScript, PATH }, 'npx --no vitrine'],
  ['npm run vitrine', { npm_command: 'run-script', npm_lifecycle_event: 'vitrine', PATH }, 'npm run vitrine --'],
  [
    'another script, of a package that has one for it',
    { npm_command: 'start', npm_lifecycle_event: 'start', npm_package_json: withScript, PATH },
    'npm run vitrine --',
  ],
  [
    'another script',
    { npm_command: 'start', npm_lifecycle_event: 'start', npm_package_json: join(folder, 'none.json'), PATH },
    'npx --no vitrine',
  ],
  ['pnpm', { npm_command: 'exec', npm_config_user_agent: 'pnpm/10.1.0 npm/? node/v24', PATH }, 'pnpm vitrine'],
  ['yarn', { npm_lifecycle_event: 'vitrine', npm_config_user_agent: 'yarn/1.22.22 npm/? node/v24' }, 'yarn vitrine'],
  ['its name, which the PATH has', { PATH }, 'vitrine'],
  ['its path alone', { PATH: join(folder, 'empty') }, 'npx --no vitrine'],
])('started by %s', (_how, environment, called) => {
  expect(calledAs('vitrine', environment)).toBe(called)
  expect(calledAs('npm start', environment)).toBe('npm start')
})

test('help and remedies name the command so', async () => {
  const environment = { npm_command: 'exec' }
  const { stdout } = await run(vitrine, 'init --help', { environment, folder })
  expect(stdout).toContain('\n  npx --no vitrine init --yes\n')
  const { stderr } = await run(vitrine, 'check', { environment, folder })
  expect(stderr).toContain('`npx --no vitrine init`')
})
