/** Writes the files of a new publication: first into a temporary folder, so that a refused one leaves nothing behind. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VitrineError } from '../base/errors.ts'
import type { ProjectFile } from '../onboarding/project.ts'
import type { Publication } from '../publication/publication.ts'
import { loadPublication } from './publication-file.ts'

/** The package of the tool that runs: the folder above `src` or `dist`. */
export function toolHome(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) || dirname(at) === at) return at
  }
}

/** Throws FILES_EXIST with each one. Files that other tools share are kept as they are. */
export function requireRoom(folder: string, files: readonly Pick<ProjectFile, 'path' | 'shared'>[]): void {
  const there = files.filter(({ path, shared }) => shared !== true && existsSync(join(folder, path)))
  const problems = there.map(({ path }) => ({ place: path, detail: 'it is there already' }))
  if (problems.length > 0) throw new VitrineError('FILES_EXIST', { place: folder, problems })
}

/** Moves the files into the folder after `prove` has accepted their publication. Returns the paths. */
export async function writeProject(
  folder: string,
  files: readonly ProjectFile[],
  prove: (publication: Publication) => Promise<void>,
): Promise<{ readonly publication: Publication; readonly written: readonly string[] }> {
  requireRoom(folder, files)
  const made = mkdirSync(folder, { recursive: true })
  const trial = mkdtempSync(join(folder, '.vitrine-init-'))
  let kept = false
  try {
    for (const { path, text } of files) write(join(trial, path), text)
    mkdirSync(join(trial, 'node_modules'))
    symlinkSync(toolHome(), join(trial, 'node_modules', 'vitrine'), 'junction')
    const publication = await loadPublication('vitrine.config.mjs', trial)
    await prove(publication)
    const own = files.filter(({ path }) => !existsSync(join(folder, path)))
    requireRoom(folder, files)
    for (const { path } of own) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      renameSync(join(trial, path), join(folder, path))
    }
    kept = true
    return { publication, written: own.map(({ path }) => path) }
  } finally {
    rmSync(trial, { recursive: true, force: true })
    if (!kept && made !== undefined) rmdirSync(folder)
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { flag: 'wx' })
}

/** Adds settings to `.env`, which only its owner reads; what stands there stays. */
export function addSettings(folder: string, values: Readonly<Record<string, string>>): void {
  const path = join(folder, '.env')
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const set = Object.entries(values).filter(
    ([name]) => !new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*\\S`, 'm').test(before),
  )
  const lines = set.map(([name, value]) => `${name}='${value}'\n`).join('')
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  writeFileSync(path, `${gap}# Written by vitrine init.\n${lines}`, { flag: 'a', mode: 0o600 })
}

/** Whether git ignores the settings file. */
export const isIgnored = (folder: string): boolean =>
  /^\/?\.env\*?\/?\s*$/m.test(
    existsSync(join(folder, '.gitignore')) ? readFileSync(join(folder, '.gitignore'), 'utf8') : '',
  )
