/**
 * Finds and reads the SQL files of this folder. They stay beside the sources, because they are not compiled: the folder is found
 * from the root of the package, which is above both `database/` and `dist/database/`. Called by `historique`, `migrate` and `sample`.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `database/` of the package `impact`, from the sources as well as from the build. */
export function databaseFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (packageName(folder) === 'impact') return join(folder, 'database')
    if (dirname(folder) === folder) throw new Error('The package impact is not above its own files.')
  }
}

function packageName(folder: string): unknown {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof manifest === 'object' && manifest !== null && 'name' in manifest ? manifest.name : undefined
  } catch {
    return undefined
  }
}

/** The text of a file, with the same line ends on every system: a checksum must not depend on a checkout. */
export function readSql(path: string): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n')
}
