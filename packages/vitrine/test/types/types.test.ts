/** Illegal publications do not compile: the compiler is run on the examples, and shown to fail on an accepted mistake. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const here = import.meta.dirname
const compiler = join(here, '../../../../node_modules/typescript/bin/tsc')
const compile = (project: string) => spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })

test('what must compile compiles, and each mistake is refused', () => {
  const { status, stdout } = compile(here)
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

test('the test above can fail: an expected error on a correct line is reported', () => {
  const folder = mkdtempSync(join(here, 'control-'))
  try {
    copyFileSync(join(here, 'tsconfig.json'), join(folder, 'tsconfig.json'))
    const settings = readFileSync(join(here, 'tsconfig.json'), 'utf8').replace('../../../../', '../../../../../')
    writeFileSync(join(folder, 'tsconfig.json'), settings)
    const text = readFileSync(join(here, 'must-compile.ts'), 'utf8').replaceAll('../../src/', '../../../src/')
    writeFileSync(
      join(folder, 'control.ts'),
      text.replace('  const rule', '  // @ts-expect-error nothing is wrong here\n  const rule'),
    )
    expect(compile(folder).stdout).toContain("Unused '@ts-expect-error' directive")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
