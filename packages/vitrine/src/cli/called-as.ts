/**
 * How a person can call the program again, so that remedies can be pasted: through the package manager
 * that started it, or by its name when that is on the PATH.
 */
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { CommandNames } from '../base/remedy.ts'
import type { Environment } from './environment.ts'

/** `npx --no vitrine` for `vitrine`; a name of two words, such as `npm start`, stays as it is. */
export function calledAs(program: string, environment: Environment): string {
  if (program.includes(' ')) return program
  const [manager = ''] = (environment['npm_config_user_agent'] ?? '').split('/')
  // pnpm and yarn run commands of packages by name.
  if (manager === 'pnpm' || manager === 'yarn') return `${manager} ${program}`
  const { npm_command: npm, npm_package_json: file, npm_lifecycle_event: script } = environment
  if (npm !== 'exec' && (script === program || hasScript(file, program))) return `npm run ${program} --`
  if (npm !== undefined || script !== undefined) return `npx --no ${program}`
  const path = Object.entries(environment).find(([name]) => name.toUpperCase() === 'PATH')?.[1]
  const names = process.platform === 'win32' ? [`${program}.cmd`, `${program}.exe`] : [program]
  const isFound = path?.split(delimiter).some((folder) => names.some((name) => existsSync(join(folder, name)))) ?? true
  return isFound ? program : `npx --no ${program}`
}

function hasScript(file: string | undefined, name: string): boolean {
  if (file === undefined || !existsSync(file)) return false
  try {
    return JSON.parse(readFileSync(file, 'utf8'))?.scripts?.[name] !== undefined
  } catch {
    return false
  }
}

/** The command names, with the program as it is called here. */
export const calledHere =
  (names: CommandNames, environment: Environment): CommandNames =>
  (command) =>
    names(command).replace(/^\S+/, (program) => calledAs(program, environment))
