/**
 * The place of the state: what is due and fresh, who can read what, whether Metabase is in step, what should be looked at. What
 * stands is asked of the catalogue; each line is good, or says what to do as a command to copy.
 */
import { command, type Remedy } from '../base/remedy.ts'
import type { Missing } from '../catalogue/reader-sight.ts'
import { type RoleSight, rolesThatRead } from '../catalogue/readers.ts'
import type { Health, PageCell, Part } from '../dictionary/page.ts'
import { cell, heading, paragraph } from '../dictionary/wording.ts'
import { type Applied, effective, planChanges, recordedThere } from '../metabase/metabase-plan.ts'
import { wantedFrom } from '../metabase/wanted.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, publishedNames } from '../publication/publication.ts'
import { appliedToMetabase } from '../record/applied-items.ts'
import { type Tries, triesSince } from '../record/attempt.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { latestRuns, type RunRecord } from '../record/runs.ts'
import { dueAround } from '../schedule/due.ts'
import { type MonitorFacts, readMonitorFacts } from '../schedule/monitor-facts.ts'
import type { Answers } from './answers.ts'
import type { Routes } from './context.ts'
import { errorMeaning } from './failure-text.ts'
import { reasonNames, unknownIn } from './missing-figure.ts'
import type { PlaceText } from './place-texts.ts'
import { showRecord } from './record-page.ts'
import { type Telling, table, tellingOf } from './telling.ts'

interface Stands {
  readonly facts: MonitorFacts
  readonly tries: Tries
  readonly roles: readonly RoleSight[]
  /** How many things in Metabase are not what the definition says; null when nothing was ever applied. */
  readonly metabase: number | null
  /** The last run that published. */
  readonly published: RunRecord | null
  /** In how many rows of the published version something is unknown, by reason; null where the reader cannot ask. */
  readonly unknown: Readonly<Record<string, number>> | null
}

/** So many runs are looked through for the last one that published. */
const LOOKED = 30

/** Throws TARGET_NOT_MIGRATED, BOOKKEEPING_NEWER. */
async function readStands(session: Session, publication: Publication, answers: Answers): Promise<Stands> {
  const { schema } = publication
  await requireBookkeeping(session, schema)
  const facts = await readMonitorFacts(session, publication)
  const runs = await latestRuns(session, schema, LOOKED)
  return {
    facts,
    tries: await triesSince(session, schema, dueAround(publication, facts.at).last),
    roles: await rolesThatRead({ session, publication }, publishedNames(publication)),
    metabase: metabaseBehind(publication, await appliedToMetabase<Applied>(session, schema)),
    published: runs.find(({ publishedAt }) => publishedAt !== null) ?? null,
    unknown: await answers.facts(publication).then(
      ({ ages }) => unknownIn(ages),
      () => null,
    ),
  }
}

/** By what was applied last: what people changed in Metabase since is not asked here. */
function metabaseBehind(publication: Publication, applied: readonly Applied[]): number | null {
  if (applied.length === 0) return null
  const nowhere = { host: '', port: 0, database: '', user: '', password: null, sslMode: '', sslRootCert: null }
  const wanted = wantedFrom(publication, nowhere).items.filter(({ kind }) => kind !== 'source' && kind !== 'setting')
  const there = recordedThere(applied)
  return effective(planChanges(wanted, there, applied)).length
}

/** A line: how it stands, and what to do where it does not stand well. */
type StateLine = readonly [state: Health | null, what: PlaceText, says: string, remedy?: Remedy]

const MENDING: Readonly<Record<Missing['mending'], PlaceText>> = {
  sync: 'missingSync',
  provision: 'missingProvision',
  rebuild: 'missingRebuild',
  migrate: 'missingMigrate',
  hand: 'missingHand',
}

function dueLines({ facts, tries }: Stands, telling: Telling): readonly StateLine[] {
  const { say, when, counted } = telling
  const { state, due, missing, kept, left, nextDue, underWay, tables } = facts
  const isLate = state === 'stale' && tables.some(({ fresh }) => !fresh)
  return [
    ...missing.map(({ place, mending, detail }): StateLine => {
      const says = `${place} : ${telling.language === 'en' ? detail : say(MENDING[mending])}`
      return mending === 'hand' ? ['bad', 'sight', says, command('doctor')] : ['bad', 'sight', says, command(mending)]
    }),
    ...(missing.length === 0 ? ([['good', 'sight', say('sightGood')]] as const) : []),
    isLate ? ['bad', 'due', say('dueLate', when(due)), command('sync')] : ['good', 'due', say('dueGood', when(due))],
    underWay === null ? [null, 'nextDue', when(nextDue)] : ['moving', 'nextDue', say('underWay', underWay.age)],
    ...(tries.failed === 0
      ? []
      : ([
          [
            'doubtful',
            'tries',
            `${counted(tries.failed, 'triesOne', 'triesMany')} ${errorMeaning(tries.lastError ?? '', telling)}`,
            command('runs'),
          ],
        ] as const)),
    kept === 'gone'
      ? ['doubtful', 'kept', say('keptGone'), command('sync')]
      : [kept === 'there' ? 'good' : null, 'kept', say(kept === 'there' ? 'keptThere' : 'keptNone')],
    ...(left.length === 0 ? [] : ([['doubtful', 'left', say('leftSays', left.join(', ')), command('sync')]] as const)),
  ]
}

function metabaseLines({ metabase }: Stands, { say, counted }: Telling): readonly StateLine[] {
  if (metabase === null)
    return [[null, 'metabase', say('metabaseNone'), command('metabase', 'setup --key-file metabase.env')]]
  if (metabase > 0)
    return [['doubtful', 'metabase', counted(metabase, 'metabaseOne', 'metabaseMany'), command('metabase', 'apply')]]
  return [['good', 'metabase', say('metabaseGood'), command('metabase', 'plan')]]
}

function runLines(
  { published, unknown }: Stands,
  publication: Publication,
  { say, counted, number }: Telling,
): readonly StateLine[] {
  if (published === null) return []
  const warnings = published.tables.reduce((sum, table) => sum + table.warnings.length, 0)
  const look = command('runs', String(published.id))
  const reasons = Object.entries(unknown ?? {}).toSorted(([, one], [, other]) => other - one)
  const rows = reasons.reduce((sum, [, count]) => sum + count, 0)
  const nameOf = reasonNames(publication)
  const why = reasons.map(([reason, count]) => `${nameOf(reason)} (${number(count)})`).join(', ')
  return [
    warnings === 0
      ? ['good', 'moved', say('movedNone')]
      : ['doubtful', 'moved', counted(warnings, 'movedOne', 'movedMany'), look],
    ...(unknown === null
      ? []
      : rows === 0
        ? ([['good', 'unknown', say('unknownNone')]] as const)
        : ([[null, 'unknown', `${counted(rows, 'unknownOne', 'unknownMany')} ${why}.`]] as const)),
  ]
}

const STATES: Readonly<Record<Health, PlaceText>> = {
  good: 'stateGood',
  doubtful: 'stateDoubtful',
  bad: 'stateBad',
  moving: 'stateMoving',
}

function linesPart(label: string, lines: readonly StateLine[], telling: Telling): Part {
  const { say, mark, commands } = telling
  return table(
    label,
    [say('fact'), say('stands'), say('what')],
    lines.map(([state, what, says, remedy]): readonly PageCell[] => [
      cell(say(what)),
      cell(state === null ? mark(null, 'stateNeutral') : mark(state, STATES[state])),
      [[says], ...(remedy === undefined ? [] : commands(remedy))],
    ]),
  )
}

/** The whole place, of what was found. */
function stateParts(stands: Stands, publication: Publication, telling: Telling): readonly Part[] {
  const { say, number, when, mark } = telling
  const { facts, roles } = stands
  const fresh = facts.tables.map(({ table: name, rows, dataOf, fresh: isFresh, publishedAt }) => [
    cell({ code: name, to: `table/${encodeURIComponent(name)}` }),
    cell(
      publishedAt === null
        ? mark(null, 'neverPublished')
        : isFresh
          ? mark('good', 'tableFresh')
          : mark('bad', 'tableLate'),
    ),
    cell(number(rows)),
    cell(when(dataOf)),
  ])
  const all = publishedNames(publication).length
  const rights = roles.map(({ role, isSuper, relations, writes }) => [
    cell({ code: role }),
    cell(
      say(
        role === publication.reader
          ? 'roleReader'
          : role === publication.writer
            ? 'roleWriter'
            : isSuper
              ? 'roleSuper'
              : 'roleOther',
      ),
    ),
    cell(relations === all ? say('readsAll') : say('readsSome', relations, all)),
    cell(writes ? (role === publication.reader ? mark('bad', 'mayWrite') : say('mayWrite')) : say('readsOnly')),
  ])
  return [
    heading(1, 'top', say('state')),
    linesPart(
      say('state'),
      [...dueLines(stands, telling), ...metabaseLines(stands, telling), ...runLines(stands, publication, telling)],
      telling,
    ),
    heading(2, 'tables', say('freshness')),
    table(say('freshness'), [say('tableTitle'), say('stands'), say('rows'), say('data')], fresh),
    heading(2, 'rights', say('rights')),
    paragraph(say('rightsSay', publication.schema)),
    table(say('rights'), [say('role'), say('who'), say('reads'), say('writes')], rights),
    paragraph(say('proof')),
    { kind: 'list', lines: telling.commands(command('doctor')) },
  ]
}

export const statePlace: Routes = (app, context) => {
  app.get('/state', async (call, next) => {
    const publication = context.publication()
    const page = await showRecord(context, call, {
      title: tellingOf(context, call.var.visitor.reading).say('state'),
      place: 'state',
      read: (session) => readStands(session, publication, context.answers),
      content: (stands, telling) => ({ html: telling.html(stateParts(stands, publication, telling)) }),
    })
    return page ?? next()
  })
}
