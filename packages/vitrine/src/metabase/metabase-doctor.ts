/** The doctor's checks in Metabase: rights, public links, and cached values of columns that are no longer published. */

import { broken, type Finding, holds, listed } from '../access/finding.ts'
import { command } from '../base/remedy.ts'
import { brokenQuestions, missingTables } from './broken-questions.ts'
import { type Metabase, unlessOff } from './client.ts'
import { nameOf } from './item.ts'
import { type Plan, planMetabase } from './metabase-apply.ts'
import type { Applied } from './metabase-plan.ts'
import { type MetabaseServer, otherKeys } from './metabase-server.ts'
import { type Entity, entityPart, idOf, textOf } from './read-answer.ts'
import { ADMINISTRATORS, EVERYONE, queryRight, reachable } from './state.ts'
import type { Wanted } from './wanted.ts'

/** The operational database, to check that Metabase does not have it. */
export interface Operational {
  readonly host: string
  readonly port: number
  readonly database: string
}

export interface MetabaseSurroundings {
  readonly server: MetabaseServer
  readonly recorded: readonly Applied[]
  readonly operational: Operational | null
}

type Verdict = ReturnType<typeof holds>
/** What repairs it, and how bad it is. */
type Repair = Parameters<typeof broken> extends [string, ...infer Rest] ? Rest : never

/** Each guarantee, with what is expected. */
const guarantees = (team: string, source: string) => ({
  version: ['Metabase is of a version whose behaviour is known.', '0.58 to 0.65'],
  login: ['Metabase can log in to the published database.', 'a login'],
  'in-step': ['Metabase is what the publication says.', 'no difference'],
  sql: [`Only administrators may write SQL on ${source}.`, 'nobody else'],
  everyone: [`Who is in no group may ask nothing of ${source}.`, 'no right'],
  elsewhere: [`${team} may ask nothing of other data sources.`, 'none'],
  operational: ['Metabase does not have the operational database.', 'not there'],
  others: ['Who is in no group may ask nothing of other data sources.', 'none'],
  links: ['Nothing is shown to people who do not log in.', 'no public link, no embedding'],
  values: ['Metabase keeps no values of columns that are published no longer.', 'none'],
  questions: ['No question of the team asks for what is published no longer.', 'none'],
  tables: ['Metabase sees every table that it has, and archives none.', 'none'],
  keys: ['No other key may do everything.', 'none'],
})

/** Every guarantee with whether it holds. Throws what a request throws, and METABASE_TAKEN. */
export async function diagnoseMetabase(
  metabase: Metabase,
  wanted: Wanted,
  { server, recorded, operational }: MetabaseSurroundings,
): Promise<readonly Finding[]> {
  const plan = await planMetabase(metabase, wanted, recorded)
  const facts = await readFacts(metabase)
  const { sourceId, groupId, others } = plan.state
  const right = sourceId === null ? 'no' : queryRight(facts.graph, EVERYONE, sourceId)
  const cached = plan.changes.filter(({ action, kind }) => action === 'withdraw' && kind === 'column')
  const admins = otherKeys(facts.keys, wanted.publication)
  const verdicts: Readonly<Record<keyof ReturnType<typeof guarantees>, Verdict>> = {
    version: server.unknown === null ? holds(server.tag) : broken(server.unknown, NEWER, 'warning'),
    login: loggedIn(plan),
    'in-step': inStep(plan),
    sql: sql(plan, facts),
    everyone: none(right === 'no' ? [] : [right], FORCE),
    elsewhere: none(groupId === null ? [] : reachable(facts.graph, groupId, others), FORCE),
    operational: apart(plan, operational),
    others: none(reachable(facts.graph, EVERYONE, others), OTHERS, 'warning'),
    links: links(facts),
    values: none(
      cached.map(({ key }) => key),
      APPLY,
    ),
    questions: none(await brokenQuestions(metabase, wanted, plan.state), BREAKING, 'warning'),
    tables: none(await missingTables(metabase, wanted, plan.state), MISSING, 'warning'),
    keys: none(admins === 0 ? [] : [`${admins} of the group Administrators`], UNNEEDED, 'warning'),
  }
  const { team, source } = wanted.publication.metabase
  return Object.entries(guarantees(team, source)).map(([name, [guarantee = '', expected = '']]) => {
    const verdict = verdicts[name as keyof typeof verdicts] // sound because both have the same names.
    return Object.freeze({ name: `metabase-${name}`, guarantee, expected, actual: expected, ...verdict })
  })
}

interface Facts {
  readonly graph: Entity
  readonly groups: readonly Entity[]
  readonly keys: readonly Entity[]
  readonly shown: Readonly<Record<string, number>>
  readonly sharing: boolean
}

async function readFacts(metabase: Metabase): Promise<Facts> {
  // Where nothing may be shown, Metabase refuses to list what would be.
  const count = async (path: string) => (await unlessOff(metabase.all(path)))?.length ?? 0
  const settings = await metabase.all('/setting')
  return {
    graph: await metabase.graph('/permissions/graph'),
    groups: await metabase.all('/permissions/group'),
    keys: await metabase.all('/api-key'),
    shown: {
      'questions with a public link': await count('/card/public'),
      'dashboards with a public link': await count('/dashboard/public'),
      'embedded questions': await count('/card/embeddable'),
      'embedded dashboards': await count('/dashboard/embeddable'),
    },
    sharing: settings.some(({ key, value }) => key === 'enable-public-sharing' && value === true),
  }
}

const APPLY = command('metabase apply')
const FORCE = command('metabase apply', '--force')

function loggedIn({ state }: Plan): Verdict {
  const source = [...state.there].find(([name]) => name.startsWith('source '))?.[1]
  if (source === undefined) return broken('no data source of ours', APPLY)
  if (source.attributes['connection'] === 'ok') return holds()
  return broken('Metabase says that it cannot', [APPLY, 'Correct METABASE_SOURCE_URL.'])
}

function inStep({ changes }: Plan): Verdict {
  if (changes.length === 0) return holds()
  const byHand = changes.filter((change) => change.byHand.length > 0)
  const repairs = [...(byHand.length < changes.length ? [APPLY] : []), ...(byHand.length > 0 ? [FORCE] : [])]
  return broken(listed(changes.map(nameOf)), repairs, 'warning')
}

function sql({ state: { sourceId, groupId } }: Plan, { graph, groups }: Facts): Verdict {
  const may = groups.filter(({ id }) => {
    if (sourceId === null || id === ADMINISTRATORS || typeof id !== 'number') return false
    return ['query-builder-and-native', 'mixed'].includes(queryRight(graph, id, sourceId))
  })
  const isForced = may.some(({ id }) => id === EVERYONE || id === groupId)
  const isElse = may.some(({ id }) => id !== EVERYONE && id !== groupId)
  return none(
    may.map((group) => textOf(group, 'name')),
    [...(isForced ? [FORCE] : []), ...(isElse ? ['In Metabase: Admin settings, Permissions.'] : [])],
  )
}

function apart({ state }: Plan, operational: Operational | null): Verdict {
  if (operational === null) return broken('DATABASE_URL is not set, so nothing was compared', '', 'warning')
  const same = state.others.filter(({ details }) => {
    const { host, port, dbname } = entityPart({ details }, 'details') as Record<string, unknown> // sound because an entity is one.
    const isSame = String(host).toLowerCase() === operational.host.toLowerCase() && Number(port) === operational.port
    return isSame && dbname === operational.database
  })
  const names = same.map((source) => `${textOf(source, 'name')} (number ${idOf(source, 'data source')})`)
  return none(names, 'Remove this data source from Metabase.')
}

function links({ shown, sharing }: Facts): Verdict {
  const found = Object.entries(shown).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]))
  const repair = 'In Metabase: Admin settings, Public sharing and Embedding.'
  if (found.length > 0 || !sharing) return none(found, repair)
  return broken('none yet, but people may make public links', repair, 'warning')
}

const NEWER = 'Look for a newer version of this tool.'
const UNNEEDED = 'Remove those that nobody needs.'
const OTHERS = 'In Metabase: Admin settings, Permissions, All users; or remove a data source that nobody needs.'
const BREAKING = 'In Metabase: change these questions, or publish the columns again.'
const MISSING =
  'Publish the table again before that day: afterwards its questions stay broken. Or archive them in Metabase.'

const none = (found: readonly string[], ...repair: Repair): Verdict =>
  found.length === 0 ? holds() : broken(listed(found), ...repair)
