/** `serve`: the page of the publication, until it is interrupted. */
import { resolve } from 'node:path'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Audience } from '../../publication/dashboard.ts'
import type { Call, Command } from '../command.ts'
import { type PageAnswering, pageSettings } from '../page-settings.ts'
import { findPublicationFile } from '../publication-file.ts'
import { WatchedPublication } from '../watched-publication.ts'

export const serveCommand: Command = {
  name: 'serve',
  summary: 'show the dashboards, the dictionary and the runs in a browser',
  description:
    'Answers pages until it is interrupted: dashboards as the reader of METABASE_READER_URL sees them, the dictionary, and ' +
    'with METABASE_DATABASE_URL the runs, which with DATABASE_URL too can be started there. It listens on this machine alone, where everybody is an operator; beyond it only ' +
    'with passwords, or behind a proxy that asks who it is.',
  options: {
    '--host <host>': 'where to listen (default: 127.0.0.1)',
    '--port <n>': 'at which port; 0 takes a free one (default: 4000)',
    '--prefix <path>': 'what stands before each path, such as /vitrine',
    '--language <name>': 'fr or en (default: that of the browser)',
    '--watch': 'follow the files of the dashboards while they are edited',
    '--export <folder>': 'write the page as files that open without a server, and end',
    '--audience <audience>': 'public or team: for whom the files are (default: public)',
  },
  examples: [
    { line: 'serve', says: 'on this machine, at port 4000' },
    { line: 'serve --host 0.0.0.0 --port 8080', says: 'for other machines: asks for VITRINE_PAGE_PASSWORD' },
    { line: 'serve --watch', says: 'while dashboards are written' },
    { line: 'serve --export site', says: 'the public dashboards and the dictionary, for a web server of files' },
  ],
  logs: true,
  run,
}

/** Where the page would answer, from options and environment. Throws SETTINGS_INVALID and PAGE_OPEN. */
export function pageAnswering({ io, text }: Call, port = text('port')): PageAnswering {
  const wish = { host: text('host'), port, prefix: text('prefix'), language: text('language') }
  return pageSettings((name) => io.environment[name]?.trim() || null, wish)
}

function watchedPublication(call: Call): WatchedPublication {
  const given = call.text('publication')
  const path = given === null ? findPublicationFile(call.io.folder) : resolve(call.io.folder, given)
  if (path !== null) return new WatchedPublication(path, call.publication)
  throw new VitrineError('USAGE', { place: '--watch', detail: 'There is no vitrine.config.js here or above to watch.' })
}

function audienceOf(call: Call, folder: string | null): Audience {
  const audience = call.text('audience')
  const usage = (detail: string) => new VitrineError('USAGE', { place: '--audience', detail })
  if (audience !== null && folder === null) throw usage('It goes with --export.')
  if (audience !== null && audience !== 'team' && audience !== 'public') throw usage('It is public or team.')
  return audience ?? 'public'
}

async function run(call: Call): Promise<ExitName> {
  const answering = pageAnswering(call)
  const needs = { source: 'optional', target: 'optional', reader: 'optional', metabase: 'optional' } as const
  const { reader, metabase, ...settings } = call.settings(needs)
  if (reader === null) {
    const detail = 'The page asks its questions as the reader.'
    throw new VitrineError('SETTINGS_INVALID', {
      problems: [{ place: 'METABASE_READER_URL', detail, remedy: 'set it' }],
    })
  }
  const folder = call.text('export')
  const audience = audienceOf(call, folder)
  // Loaded by this command alone: the page is a large part of the tool.
  if (folder !== null) {
    const { exportFiles } = await import('../exporting.ts')
    return exportFiles(call, { reader, folder, audience, language: answering.language })
  }
  const watched = call.flag('watch') ? watchedPublication(call) : null
  const { servePage } = await import('../serving.ts')
  const page = await servePage(call, answering, { ...settings, reader, metabaseUrl: metabase?.url ?? null, watched })
  call.say(`The page is at ${page.url}. Ctrl-C ends it.`)
  try {
    await call.untilStopped()
  } finally {
    watched?.close()
    await page.close()
  }
  return 'ok'
}
