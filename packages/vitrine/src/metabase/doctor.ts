/** What the doctor finds in Metabase: who may ask what, what is shown to the world, what is cached and published no longer. */

import { broken, type Finding, holds, listed } from '../access/finding.ts'
import { command } from '../base/remedy.ts'
import { type Entity, entities, entity, idOf, textOf } from './answer.ts'
import { type Plan, planFor } from './apply.ts'
import { brokenQuestions, missingTables } from './broken.ts'
import type { Metabase } from './client.ts'
import { nameOf } from './item.ts'
import type { Applied } from './plan.ts'
import { otherKeys, type Server } from './server.ts'
import { ADMINISTRATORS, EVERYONE, queryRight, reachable } from './state.ts'
import type { Wanted } from './wanted.ts'

/** Where the operational database is, for the look whether Metabase has it; null when it is not known. */
export interface Operational {
  readonly host: string
  readonly port: number
  readonly database: string
}

export interface Surroundings {
  readonly server: Server
  readonly recorded: readonly Applied[]
  readonly operational: Operational | null
}

type Verdict = ReturnType<typeof holds>

/** Every guarantee with whether it holds. Throws what a request throws, and METABASE_TAKEN. */
export async function diagnoseMetabase(
  metabase: Metabase,
  wanted: Wanted,
  { server, recorded, operational }: Surroundings,
): Promise<readonly Finding[]> {
  const plan = await planFor(metabase, wanted, recorded)
  const facts = await readFacts(metabase)
  const breaking = await brokenQuestions(metabase, wanted, plan.state)
  const missing = await missingTables(metabase, wanted, plan.state)
  const finding = (name: string, guarantee: string, expected: string, verdict: Verdict): Finding =>
    Object.freeze({ name: `metabase-${name}`, guarantee, expected, actual: expected, ...verdict })
  const { team, source } = wanted.publication.metabase
  return [
    finding('version', 'Metabase is of a version whose behaviour is known.', '0.58 to 0.65', version(server)),
    finding('login', 'Metabase can log in to the published database.', 'a login', loggedIn(plan)),
    finding('in-step', 'Metabase is what the publication says.', 'no difference', inStep(plan)),
    finding('sql', `Only administrators may write SQL on ${source}.`, 'nobody else', sql(plan, facts)),
    finding('everyone', `Who is in no group may ask nothing of ${source}.`, 'no right', everyone(plan, facts)),
    finding('elsewhere', `${team} may ask nothing of other data sources.`, 'none', elsewhere(plan, facts)),
    finding('operational', 'Metabase does not have the operational database.', 'not there', apart(plan, operational)),
    finding('others', 'Who is in no group may ask nothing of other data sources.', 'none', others(plan, facts)),
    finding('links', 'Nothing is shown to people who do not log in.', 'no public link, no embedding', links(facts)),
    finding('values', 'Metabase keeps no values of columns that are published no longer.', 'none', cached(plan)),
    finding(
      'questions',
      'No question of the team asks for what is published no longer.',
      'none',
      none(breaking, BREAKING),
    ),
    finding('tables', 'Metabase sees every table that it has, and archives none.', 'none', none(missing, MISSING)),
    finding('keys', 'No other key may do everything.', 'none', keys(otherKeys(facts.keys, wanted.publication))),
  ]
}

interface Facts {
  readonly graph: Entity
  readonly groups: readonly Entity[]
  readonly keys: readonly Entity[]
  readonly shown: Readonly<Record<string, number>>
  readonly sharing: boolean
}

async function readFacts(metabase: Metabase): Promise<Facts> {
  const count = async (path: string) => entities(await metabase.get(path), path).length
  const settings = entities(await metabase.get('/setting'), 'settings')
  return {
    graph: entity(entity(await metabase.get('/permissions/graph'), 'rights')['groups'], 'rights of groups'),
    groups: entities(await metabase.get('/permissions/group'), 'groups'),
    keys: entities(await metabase.get('/api-key'), 'keys'),
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

const version = ({ unknown, tag }: Server): Verdict =>
  unknown === null ? holds(tag) : broken(unknown, 'Look for a newer version of this tool.', 'warning')

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

function sql({ state }: Plan, { graph, groups }: Facts): Verdict {
  const { sourceId } = state
  const may = groups.filter(({ id }) => {
    if (sourceId === null || id === ADMINISTRATORS || typeof id !== 'number') return false
    return ['query-builder-and-native', 'mixed'].includes(queryRight(graph, id, sourceId))
  })
  return may.length === 0 ? holds() : broken(listed(may.map((group) => textOf(group, 'name'))), FORCE)
}

function everyone({ state: { sourceId } }: Plan, { graph }: Facts): Verdict {
  const level = sourceId === null ? 'no' : queryRight(graph, EVERYONE, sourceId)
  return level === 'no' ? holds() : broken(level, FORCE)
}

function elsewhere({ state: { groupId, others: sources } }: Plan, { graph }: Facts): Verdict {
  const names = groupId === null ? [] : reachable(graph, groupId, sources)
  return names.length === 0 ? holds() : broken(listed(names), FORCE)
}

function others({ state }: Plan, { graph }: Facts): Verdict {
  const names = reachable(graph, EVERYONE, state.others)
  const repair = 'In Metabase: Admin settings, Permissions, All users; or remove a data source that nobody needs.'
  return names.length === 0 ? holds() : broken(listed(names), repair, 'warning')
}

function apart({ state }: Plan, operational: Operational | null): Verdict {
  if (operational === null) return broken('DATABASE_URL is not set, so nothing was compared', '', 'warning')
  const same = state.others.filter(({ details }) => {
    const { host, port, dbname } = entity(details ?? {}, 'data source') as Record<string, unknown> // sound because an entity is one.
    const isSame = String(host).toLowerCase() === operational.host.toLowerCase() && Number(port) === operational.port
    return isSame && dbname === operational.database
  })
  const names = same.map((source) => `${textOf(source, 'name')} (number ${idOf(source, 'data source')})`)
  return names.length === 0 ? holds() : broken(listed(names), 'Remove this data source from Metabase.')
}

function links({ shown, sharing }: Facts): Verdict {
  const found = Object.entries(shown).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]))
  const repair = 'In Metabase: Admin settings, Public sharing and Embedding.'
  if (found.length > 0) return broken(found.join(', '), repair)
  return sharing ? broken('none yet, but people may make public links', repair, 'warning') : holds()
}

function cached({ changes }: Plan): Verdict {
  const left = changes.filter(({ action, kind }) => action === 'withdraw' && kind === 'column')
  return left.length === 0 ? holds() : broken(listed(left.map(({ key }) => key)), APPLY)
}

const BREAKING = 'In Metabase: change these questions, or publish the columns again.'
const MISSING =
  'Publish the table again before that day: afterwards its questions stay broken. Or archive them in Metabase.'
const none = (found: readonly string[], repair: string): Verdict =>
  found.length === 0 ? holds() : broken(listed(found), repair, 'warning')

const keys = (count: number): Verdict =>
  count === 0 ? holds() : broken(`${count} of the group Administrators`, 'Remove those that nobody needs.', 'warning')
