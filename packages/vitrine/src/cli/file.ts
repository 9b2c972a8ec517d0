/** Files that a command line names. Both throw USAGE with the system's code. */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { VitrineError } from '../base/errors.ts'
import type { Call } from './command.ts'

const refused = (place: string, what: string) => (cause: unknown) => {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  throw new VitrineError('USAGE', { place, detail: `The file cannot be ${what}${code}.`, cause })
}

export const readText = ({ io }: Call, file: string): Promise<string> =>
  readFile(resolve(io.folder, file), 'utf8').catch(refused(file, 'read'))

/** One that is there already is refused. */
export const newFile = ({ io }: Call, file: string, mode?: number): Promise<FileHandle> =>
  open(resolve(io.folder, file), 'wx', mode).catch(refused(file, 'made'))
