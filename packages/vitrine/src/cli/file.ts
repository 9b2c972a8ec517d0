/** Files that a command line names. */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { VitrineError } from '../base/errors.ts'
import type { Call } from './command.ts'

/** Throws USAGE with the system's code when it cannot be read. */
export async function textOf({ io }: Call, file: string): Promise<string> {
  return readFile(resolve(io.folder, file), 'utf8').catch(refusal(file, 'read'))
}

/** Opens a new one for writing; `mode` says who may read it. Throws USAGE where it is there already. */
export const newFile = ({ io }: Call, file: string, mode?: number): Promise<FileHandle> =>
  open(resolve(io.folder, file), 'wx', mode).catch(refusal(file, 'made'))

const refusal = (file: string, done: 'read' | 'made') => (error: unknown) => {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
  throw new VitrineError('USAGE', { place: file, detail: `The file cannot be ${done}${code}.`, cause: error })
}
