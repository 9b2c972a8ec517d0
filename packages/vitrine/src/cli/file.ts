/** Files that a command line names. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { VitrineError } from '../base/errors.ts'
import type { Call } from './command.ts'

/** Throws USAGE with the system's code when it cannot be read. */
export async function textOf({ io }: Call, file: string): Promise<string> {
  try {
    return await readFile(resolve(io.folder, file), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new VitrineError('USAGE', { place: file, detail: `The file cannot be read${code}.`, cause: error })
  }
}
