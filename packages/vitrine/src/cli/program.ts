/**
 * A command line: arguments in, exit status out. It parses, loads what the command asks for, turns interrupts into an abort
 * signal and errors into text. `vitrine` and `impact` are two of them, over the same commands.
 */
import { Command as Commander, CommanderError } from 'commander'
import { EXIT, type ExitName, VitrineError } from '../base/errors.ts'
import { TOOL_VERSION } from '../base/version.ts'
import type { Publication } from '../publication/publication.ts'
import { Call, type Command, type Option } from './command.ts'
import { type Explain, type Failure, failureJson, failureOf, failureText } from './failure.ts'
import { commandHelp, programHelp } from './help.ts'
import type { Io } from './io.ts'
import type { Language } from './language.ts'
import { loadPublication } from './publication-file.ts'

export interface Program {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
  readonly language: Language
  /** The publication that all commands are about; null when a module on the command line gives it. */
  readonly publication: Publication | null
  /** Puts errors of other packages into words. */
  readonly explain?: Explain
  /** How this program calls a command of `vitrine`; errors name commands by it. */
  readonly nameOf?: (command: string) => string
}

/** A program that is one command: its options stand right after its name. */
export interface SingleProgram extends Omit<Program, 'commands' | 'summary'> {
  readonly command: Command
}

/** What the command line asks for. */
type Request =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'command'
      readonly command: Command
      readonly parameters: readonly string[]
      readonly options: Readonly<Record<string, unknown>>
    }

/** Runs one command line (without the program's own name) to its end. Never throws; gives the exit status. */
export async function runProgram(program: Program | SingleProgram, argv: readonly string[], io: Io): Promise<number> {
  const abort = new AbortController()
  const stopListening = io.onInterrupt(() => {
    if (abort.signal.aborted) io.exit(EXIT.interrupted)
    else io.stderr.write(`${program.language.interrupted}\n`)
    abort.abort()
  })
  try {
    const request = parse(program, argv)
    if (request.kind === 'command') return EXIT[await perform(program, request, io, abort.signal)]
    io.stdout.write(request.text)
    return EXIT.ok
  } catch (thrown) {
    const interrupted = abort.signal.aborted && !(thrown instanceof VitrineError && thrown.code === 'INTERRUPTED')
    const failure = failureIn(program, interrupted ? new VitrineError('INTERRUPTED', { cause: thrown }) : thrown)
    io.stderr.write(failureText(failure))
    if (argv.includes('--json')) io.stdout.write(`${JSON.stringify(failureJson(failure), null, 2)}\n`)
    return EXIT[failure.exit]
  } finally {
    stopListening()
  }
}

/** An error in the words of a program: with its names of commands, in place of those of `vitrine`. */
export function failureIn(program: Program | SingleProgram, thrown: unknown): Failure {
  const failure = failureOf(thrown, program.explain ?? (() => null))
  const problems = failure.problems.map((problem) =>
    problem.remedy === undefined ? problem : { ...problem, remedy: withOwnNames(program, problem.remedy) },
  )
  return { ...failure, problems, remedy: withOwnNames(program, failure.remedy) }
}

/** A text of the tool, which calls its commands `vitrine …`, with the names of a program. */
function withOwnNames({ nameOf }: Program | SingleProgram, text: string): string {
  if (nameOf === undefined) return text
  const commands = /\bvitrine (check|plan|migrate|provision|sync|status|runs|rollback|doctor|history|drop|rebuild)\b/g
  return text.replaceAll(commands, (_, command: string) => nameOf(command))
}

function perform(
  program: Program | SingleProgram,
  { command, parameters, options }: Extract<Request, { kind: 'command' }>,
  io: Io,
  signal: AbortSignal,
): Promise<ExitName> {
  const given = options['publication']
  const publication = async () =>
    program.publication ?? (await loadPublication(typeof given === 'string' ? given : null, io.folder))
  const call = new Call({
    io,
    signal,
    language: program.language,
    command: command.name,
    parameters,
    options,
    publication,
    failure: (thrown) => failureIn(program, thrown),
    withOwnNames: (text) => withOwnNames(program, text),
  })
  return command.run(call)
}

function sharedOptions({ language, publication }: Program | SingleProgram): readonly Option[] {
  const { help } = language
  return [
    ...(publication === null ? [{ flags: '--publication <module>', description: help.publication }] : []),
    { flags: '--json', description: help.json },
    { flags: '-h, --help', description: help.showHelp },
  ]
}

/** Reads the arguments against the definitions. Throws USAGE. */
function parse(program: Program | SingleProgram, argv: readonly string[]): Request {
  const shared = sharedOptions(program)
  const { name, language } = program
  const version = { flags: '-V, --version', description: language.help.showVersion }
  const facts = { name, language, options: [...shared, version] }
  let request: Request | null = null
  const define = (commander: Commander, command: Command): void => {
    for (const { flags } of command.options) commander.option(flags)
    commander.action(() => {
      request = { kind: 'command', command, parameters: commander.args, options: commander.optsWithGlobals() }
    })
  }
  const single = 'command' in program ? program.command : null
  const commands = 'command' in program ? [] : program.commands
  const help = () =>
    'command' in program ? commandHelp(facts, program.command, name) : programHelp({ ...facts, ...program })
  const root = quiet(new Commander(name), help).version(TOOL_VERSION, version.flags).helpCommand(false)
  for (const { flags } of shared) if (!flags.startsWith('-h')) root.option(flags)
  if (single !== null) define(root, single)
  for (const command of commands) {
    const words = command.parameters === undefined ? command.name : `${command.name} ${command.parameters}`
    const text = () => commandHelp({ ...facts, options: shared }, command, `${name} ${command.name}`)
    define(quiet(root.command(words), text), command)
  }
  try {
    root.parse([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return answered(error, root, argv)
  }
  return request ?? { kind: 'text', text: help() }
}

/** A commander that throws instead of exiting, prints nothing itself, and has our help. */
function quiet(commander: Commander, help: () => string): Commander {
  const silence = () => undefined
  return commander
    .exitOverride()
    .configureOutput({ writeOut: silence, writeErr: silence, outputError: silence })
    .configureHelp({ formatHelp: help })
    .allowExcessArguments(false)
}

/** What commander stopped at: a help or version that was asked for, or a mistake. */
function answered(error: CommanderError, root: Commander, argv: readonly string[]): Request {
  if (error.code === 'commander.version') return { kind: 'text', text: `${TOOL_VERSION}\n` }
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') {
    const asked = root.commands.find((command) => argv.includes(command.name()))
    return { kind: 'text', text: (asked ?? root).helpInformation() }
  }
  throw new VitrineError('USAGE', { detail: usageDetail(error.message), cause: error })
}

/** Commander's message as a sentence. It quotes what was typed, and somebody may have typed a URL with a password. */
function usageDetail(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll(/[a-z][a-z+]*:\/\/[^\s'"]+/gi, '[url]')
    .replaceAll('\n', '. ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`
}
