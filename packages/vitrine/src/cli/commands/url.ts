/** `url`: where readers connect, in the form that psql, other programs or Metabase take. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { type Address, addressUrl } from '../../postgres/address.ts'
import type { Call, Command } from '../command.ts'
import { textTable } from '../text-table.ts'

export const urlCommand: Command = {
  name: 'url',
  parameters: '<for>',
  summary: 'print the reader’s connection as psql or Metabase takes it',
  description:
    'For `psql` and everything on libpq a URL without what it refuses (currentSchema: the reader’s role looks in the published ' +
    'schema by itself); for `reader` the value of METABASE_READER_URL; for `metabase` the fields of its form. No connection is made.',
  options: { '--with-password': 'with the password, which is otherwise left out' },
  examples: [
    { line: 'url psql', says: 'to look at what is published; psql asks for the password' },
    { line: 'url metabase --with-password', says: 'to type into Metabase, where metabase setup is not used' },
  ],
  run,
}

/** What `url --json` prints. */
export interface UrlAnswer {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Null without --with-password. */
  readonly password: string | null
  readonly schema: string
  readonly sslMode: string
}

const FORMS = ['reader', 'psql', 'metabase'] as const

async function run(call: Call): Promise<ExitName> {
  const form = FORMS.find((name) => name === call.parameters[0])
  if (form === undefined)
    throw new VitrineError('USAGE', { place: 'url', detail: `It takes one of ${FORMS.join(', ')}.` })
  const { schema } = call.publication
  const { reader, seen } = call.settings({ reader: 'optional', seen: 'optional' })
  const found = (form === 'metabase' ? seen : null) ?? reader
  if (found === null) {
    const remedy = 'Set METABASE_READER_URL to the database that Metabase reads, with the reader role.'
    throw new VitrineError('SETTINGS_INVALID', { place: 'METABASE_READER_URL', detail: 'It is not set.', remedy })
  }
  const address: Address = call.flag('withPassword') ? found : { ...found, password: null }
  const { host, port, database, user, sslMode } = address
  const plain = addressUrl(address)
  const answer: UrlAnswer = {
    url:
      form === 'reader'
        ? `${plain}${plain.includes('?') ? '&' : '?'}currentSchema=${encodeURIComponent(schema)}`
        : plain,
    ...{ host, port, database, user, password: address.password?.reveal() ?? null, schema, sslMode },
  }
  call.answer(answer, () => (form === 'metabase' ? fieldsOf(answer) : `${answer.url}\n`))
  return 'ok'
}

/** As Metabase's form calls them. */
const fieldsOf = ({ host, port, database, user, password, schema, sslMode }: UrlAnswer): string =>
  textTable(
    ['field', 'value'],
    [
      ['Database type', 'PostgreSQL'],
      ['Host', host],
      ['Port', String(port)],
      ['Database name', database],
      ['Username', user],
      ['Password', password ?? '(with --with-password)'],
      ['Schemas', `Only these: ${schema}`],
      [
        'Use a secure connection (SSL)',
        ['disable', 'allow', 'prefer'].includes(sslMode) ? 'as the server has it' : sslMode,
      ],
    ],
  )
