import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../src/account.ts'
import { parseOptions, type ServerOptions } from '../src/options.ts'
import { renderSettings } from '../src/settings.ts'

const dataDirectory = join(tmpdir(), 'data')

test.each<[string, Partial<Record<keyof ServerOptions, unknown>>, string]>([
  ['a relative path', { dataDirectory: 'data' }, 'dataDirectory is not an absolute path: data.'],
  ['the root folder', { dataDirectory: '/' }, 'dataDirectory is not an absolute path: /.'],
  ['an unknown version', { version: 16 }, 'version 16 is not shipped: 15 and 18 are.'],
  ['a port out of range', { port: 70_000 }, 'port 70000 is not between 1 and 65535.'],
  ['our setting', { settings: { Port: '1' } }, 'settings: Port is not for the caller.'],
  ['a directive', { settings: { include_dir: 'x' } }, 'settings: include_dir is not for the caller.'],
  [
    'a name that is a line',
    { settings: { 'a = 1\nport': 'x' } },
    String.raw`settings: "a = 1\nport" is not the name of a setting.`,
  ],
  [
    'two problems',
    { port: 0, version: 17 },
    'version 17 is not shipped: 15 and 18 are; port 0 is not between 1 and 65535.',
  ],
])('%s is refused', (_what, options, message) => {
  // Sound because a caller in JavaScript may pass anything: that is what is tested.
  expect(() => parseOptions({ dataDirectory, ...options } as ServerOptions)).toThrow(
    expect.objectContaining({ code: 'invalid-option', message }),
  )
})

test('settings are quoted, and those of the caller come last', () => {
  const text = renderSettings(
    {
      ephemeral: true,
      endsWithProcess: false,
      settings: [
        ['fsync', 'on'],
        ['search_path', String.raw`it's a \ "b"`],
      ],
    },
    5432,
  )
  expect(text).toBe(
    String.raw`# ephemeral: removed when the server stops
port = '5432'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
timezone = 'UTC'
log_timezone = 'UTC'
random_page_cost = '1.1'
fsync = 'off'
full_page_writes = 'off'
synchronous_commit = 'off'
fsync = 'on'
search_path = 'it''s a \\ "b"'
`,
  )
})

test('whatever the umask, a folder that is made is for us alone; root’s can be passed by the account of the server', () => {
  const home = mkdtempSync(join(tmpdir(), 'embedded-folder-'))
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  const before = process.umask(0)
  makeFolder(join(home, 'a', 'b'))
  process.umask(before)
  expect([join(home, 'a'), join(home, 'a', 'b')].map((folder) => statSync(folder).mode & 0o777)).toEqual([mode, mode])
  rmSync(home, { recursive: true })
})
