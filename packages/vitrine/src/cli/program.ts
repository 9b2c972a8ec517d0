/**
 * A command line: arguments in, exit status out. It parses, loads the publication, turns interrupts into an abort signal and
 * errors into text. `vitrine` is one; systems built on the tool have theirs, with its commands and their own.
 */
import { Command as Commander, CommanderError } from 'commander'
import { EXIT, faultOf, interruptOf, VitrineError } from '../base/errors.ts'
import { type CommandNames, plainCommandNames } from '../base/remedy.ts'
import { TOOL_VERSION } from '../base/version.ts'
import type { Publication } from '../publication/publication.ts'
import { calledAs, calledHere } from './called-as.ts'
import { type CallFacts, type Command, callOf } from './command.ts'
import { withSettingsFile } from './environment.ts'
import { type Explain, failureJson, failureOf, failureText } from './failure.ts'
import { aboutProgram, examplesText, HELP_WIDTH } from './help.ts'
import type { Io } from './io.ts'
import { timed } from './log-time.ts'
import { loadPublication, NO_PUBLICATION } from './publication-file.ts'
import { editedSources } from './stale-build.ts'

interface ProgramFacts {
  readonly name: string
  /** The publication of all commands; null to load it from the module that the command line names. */
  readonly publication: Publication | null
  /** Puts errors of other packages into words. */
  readonly explain?: Explain
  /** How this program calls a command of the tool; remedies name commands by it. */
  readonly names?: CommandNames
}

export interface Program extends ProgramFacts {
  readonly summary: string
  readonly commands: readonly Command[]
}

/** A program with a single command: options follow its name directly. */
export interface SingleProgram extends ProgramFacts {
  readonly command: Command
}

/** A command with its arguments. */
interface Request {
  readonly command: Command
  readonly parameters: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** How long a command may take to end in good order after a fault. */
const FAULT_WAITS_MS = 60_000

const noExplanation: Explain = () => null

/** Runs one command line (without the program's own name) to its end. Never throws; returns the exit status. */
export async function runProgram(program: Program | SingleProgram, argv: readonly string[], io: Io): Promise<number> {
  const { explain = noExplanation } = program
  const names = calledHere(program.names ?? plainCommandNames, io.environment)
  const tell = (thrown: unknown): number => {
    const failure = failureOf(thrown, explain, names)
    io.stderr.write(failureText(failure))
    if (argv.includes('--json')) io.stdout.write(`${JSON.stringify(failureJson(failure), null, 2)}\n`)
    return EXIT[failure.exit]
  }
  const abort = new AbortController()
  const { signal } = abort
  const stopListening = io.onInterrupt(() => {
    if (signal.aborted) io.exit(EXIT.interrupted)
    else io.stderr.write('Interrupting: the previous version stays. Once more to leave at once.\n')
    abort.abort()
  })
  let isOver = false
  const fault = faultSignal(io, tell, () => isOver)
  let status: number = EXIT.ok
  try {
    const request = parse(program, argv, io, names)
    if (request !== null) status = await perform(program, request, { io, signal, fault, explain, names })
    fault.throwIfAborted()
  } catch (thrown) {
    const stopped = [fault, signal].find(({ aborted }) => aborted)
    status = tell(stopped === undefined ? thrown : interruptOf(stopped, thrown))
  } finally {
    stopListening()
  }
  isOver = true
  const lost = await io.written()
  const isSilent = lost !== null && status === EXIT.ok
  return isSilent ? tell(new VitrineError('OUTPUT_LOST', { place: 'stdout', detail: `(${lost})` })) : status
}

type Surroundings = Pick<CallFacts, 'io' | 'signal' | 'fault' | 'explain' | 'names'>

async function perform(
  program: Program | SingleProgram,
  { command, ...given }: Request,
  around: Surroundings,
): Promise<number> {
  const publication =
    command.withoutPublication === true ? NO_PUBLICATION : (program.publication ?? (await load(given, around.io)))
  const settled = { ...around.io, environment: withSettingsFile(around.io.environment, around.io.folder) }
  const io = command.logs === true ? timed(settled) : settled
  return EXIT[await command.run(callOf({ ...given, ...around, io, command: command.name, publication }))]
}

async function load({ options }: Pick<Request, 'options'>, { folder, stderr }: Io): Promise<Publication> {
  const module = options['publication']
  const publication = await loadPublication(typeof module === 'string' ? module : null, folder)
  const edited = editedSources(publication, folder)
  const more = edited.length > 1 ? ` and ${edited.length - 1} more` : ''
  if (edited.length > 0) stderr.write(`warning: ${edited[0]}${more}: edited since the last build → build first\n`)
  return publication
}

/**
 * Aborts at the first uncaught exception. If the command does not end in good order in time, the process ends; an exception after the
 * command ends it at once, because otherwise Node would print the exception.
 */
function faultSignal(io: Io, tell: (thrown: unknown) => number, isOver: () => boolean): AbortSignal {
  const faults = new AbortController()
  io.onFault((thrown) => {
    if (faults.signal.aborted) return
    faults.abort(faultOf(thrown))
    const end = () => io.exit(tell(faults.signal.reason))
    if (isOver()) end()
    else setTimeout(end, FAULT_WAITS_MS).unref()
  })
  return faults.signal
}

/** Reads the arguments against the definitions. Null when help or version was asked for, and is printed. Throws USAGE. */
function parse(program: Program | SingleProgram, argv: readonly string[], io: Io, names: CommandNames): Request | null {
  const { name } = program
  const called = calledAs(name, io.environment)
  let request: Request | null = null
  const define = (commander: Commander, command: Command): void => {
    commander.description(command.description).addHelpText('after', examplesText(called, command, names))
    for (const [flags, description] of Object.entries(command.options)) commander.option(flags, description)
    commander.action(() => {
      request = { command, parameters: commander.args, options: commander.optsWithGlobals() }
    })
  }
  const root = rootOf(name, io)
  if (program.publication === null) {
    root.option(
      '--publication <module>',
      'module whose default export is the publication (default: vitrine.config.js here or above)',
    )
  }
  root.option('--json', 'print the result as JSON on stdout, errors included')
  if ('command' in program) define(root, program.command)
  else {
    root.usage('<command> [options]').description(program.summary).addHelpText('after', aboutProgram())
    for (const command of program.commands) {
      const words = `${command.name} ${command.parameters ?? ''}`.trimEnd()
      define(root.command(words).summary(command.summary), command)
    }
  }
  try {
    root.parse([...argv], { from: 'user' })
    return request
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Without a command, commander writes the help to stderr, which is discarded.
    if (error.code === 'commander.help') root.outputHelp()
    if (['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code)) return null
    const [word = ''] = root.args
    // A command of the tool that has another name in this program.
    const known = error.code === 'commander.unknownCommand' && names(word) !== `${called} ${word}`
    const told = known ? `unknown command. Did you mean ${names(word)}?` : error.message
    throw new VitrineError('USAGE', { detail: usageDetail(told), cause: error })
  }
}

/** A commander that throws instead of exiting and prints help and version only; its commands inherit that. */
const rootOf = (name: string, io: Io): Commander =>
  new Commander(name)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .version(TOOL_VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .allowExcessArguments(false)

/** Commander's message as a sentence, with URLs and values removed: people may have typed a password. */
function usageDetail(message: string): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll(/[a-z][a-z+]*:\/\/[^\s'"]+/gi, '[url]')
    .replace(/^(unknown option '-[\w-]*)[^\w-].*'/s, "$1…'")
    .replaceAll('\n', '. ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`
}
