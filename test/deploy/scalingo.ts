/** The part of Scalingo's command line that our files use, and what is wrong with a use of it: nothing is run. */
import { problemOf } from '../documentation/commands.ts'
import { commandsIn } from '../documentation/shell.ts'

/** What each command takes after its name, and whether it is about an addon of the application. */
const COMMANDS: Readonly<Record<string, { readonly addon?: true; readonly takes: RegExp }>> = {
  addons: { takes: /^$/ },
  'addons-add': { takes: /^postgresql postgresql-[a-z]+-\d+$/ },
  'apps-info': { takes: /^$/ },
  'backups-config': { addon: true, takes: /^--schedule-at \d{1,2}:00 UTC$/ },
  'backups-create': { addon: true, takes: /^$/ },
  'backups-download': { addon: true, takes: /^(--output \S+)?$/ },
  'database-enable-feature': { addon: true, takes: /^force-ssl$/ },
  // Its rules for names: 6 to 32 characters.
  'database-users-create': { addon: true, takes: /^(--read-only )?[a-z][a-z0-9_]{5,31}$/ },
  deploy: { takes: /^\S+\.tar\.gz v[\d.]+$/ },
  'env-get': { takes: /^[A-Z_]+$/ },
  'env-set': { takes: /^[A-Z_]+=\S+( [A-Z_]+=\S+)*$/ },
  'env-unset': { takes: /^[A-Z_]+$/ },
  run: { takes: /^(--silent )?(--env [A-Z_]+=\S+ )*[^-]/ },
  scale: { takes: /^(web|worker):\d+:(S|M|L|XL|2XL)$/ },
}

/** Null when the command is known and takes what it is given. `words` come without `scalingo`. */
export async function scalingoProblem(words: readonly string[]): Promise<string | null> {
  if (words[0] === 'create') return words.length === 2 ? null : 'create takes a name'
  const [flag, name, ...after] = words
  if (flag !== '--app' || name === undefined) return 'no --app'
  const isAddon = after[0] === '--addon' && after[1] === 'postgresql'
  const [command = '', ...rest] = after.slice(isAddon ? 2 : 0)
  const known = COMMANDS[command]
  if (known === undefined) return `no command ${command}`
  if ((known.addon === true) !== isAddon) return `${command} ${isAddon ? 'is not' : 'is'} about an addon`
  if (!known.takes.test(rest.join(' '))) return `${command} ${rest.join(' ')}`
  if (command !== 'run') return null
  const inside = (rest.at(-1) ?? '').replace(/^sh -c '(.*)'$/, '$1').replaceAll('>&2', '')
  const ours = commandsIn(inside).filter(({ words: [first] }) => first === 'node')
  const problems = await Promise.all(ours.map(problemOf))
  return problems.find((problem) => problem !== null) ?? null
}
