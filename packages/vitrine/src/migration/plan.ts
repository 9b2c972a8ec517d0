/**
 * The plan of a migration: the published schema as it stands, compared with the definition, and what stands in the way of
 * the switch to it. It changes nothing: `run/migrate.ts` records the approval, the next
 * run carries it out.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Problem, VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import { type LiveSchema, type LiveTable, readSchema, readTables } from '../catalogue/live-shape.ts'
import { relationsIn, viewsAmong } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { type Publication, stagingSchema } from '../publication/publication.ts'
import { shapesOf, type TableShape } from '../publication/shape.ts'
import { ownRecord } from '../record/installation.ts'
import { ownRelations } from '../record/made.ts'
import { ownViews } from '../record/own-views.ts'
import { type RecordedVersion, recordedVersion, versionOf } from '../record/versions.ts'
import { identifier } from '../sql/quote.ts'
import { readCarry } from '../version/carry.ts'
import { foreignObjects } from '../version/carry-relations.ts'
import { adoptionPlan } from './adoption.ts'
import { isApproved } from './approval.ts'
import { differences, type MigrationStep, stepOf } from './shape-difference.ts'

export interface MigrationPlan {
  readonly schema: string
  /** The definition is the one that was approved last: a run may publish it. */
  readonly approved: boolean
  /** What the first run after the approval changes. */
  readonly steps: readonly MigrationStep[]
  /** What somebody must solve first; nothing is approved before. */
  readonly conflicts: readonly Problem[]
  /** What stands in the schema and was never ours, as `table django_migrations`: carried over as it is. */
  readonly foreign: readonly string[]
}

/** A plan, and what was found while it was made. */
export interface Planned {
  readonly plan: MigrationPlan
  /** Tables with the names of published ones that this tool did not make: they become the previous version. */
  readonly takenOver: readonly LiveTable[]
  /** What stands in the published schema of ours, or is taken over. */
  readonly ours: readonly LiveTable[]
  readonly live: LiveSchema
}

/**
 * Throws TARGET_OTHER_INSTALLATION, TARGET_SCHEMA_MISSING when the writer may not create the schema,
 * TARGET_SCHEMA_NOT_OWNED, BOOKKEEPING_NEWER, PRIVILEGE_MISSING when there is no writer.
 */
export async function planFor(target: Target): Promise<Planned> {
  const standing = () => relationsIn(target.session, [target.publication.schema])
  for (let tries = 3; ; tries--) {
    const before = await standing()
    const planned = await plannedOnce(target)
    // If a switch happens between two of the queries, our tables look like somebody else's.
    if (tries === 0 || isDeepStrictEqual(before, await standing())) return planned
  }
}

async function plannedOnce(target: Target): Promise<Planned> {
  const { session, publication } = target
  const live = await readSchema(target)
  requireUsable(live, publication)
  const record = await ownRecord(target)
  const recorded = await recordedVersion(target, 'published')
  const tables = await readTables(session, publication.schema, publication.writer)
  const own = new Map((await ownRelations(target, [publication.schema])).map((relation) => [relation.oid, relation]))
  const wanted = shapesOf(publication)
  const takenOver = tables.filter(({ oid, shape }) => !own.has(oid) && wanted.some(({ name }) => name === shape.name))
  const ours = [...tables.filter(({ oid }) => own.has(oid)), ...takenOver]
  const adoption = await adoptionPlan(target, ours)
  const taken = takenOver.map(({ oid }) => oid)
  const carry = live.exists
    ? await readCarry(target, stagingSchema(publication), versionOf(publication, true), taken)
    : { problems: [] }
  const steps = [
    ...schemaSteps(live, publication),
    ...takenOver.map((table) => takeOverStep(table, adoption.histories)),
    ...adoption.steps,
    ...tableSteps(ours, wanted, recorded, ({ oid }) => own.get(oid)?.built === true),
    ...(await viewSteps(target, [...own.keys()])),
    ...readerSteps(live, publication),
  ]
  const foreign = (await foreignObjects(target, [...own.keys(), ...taken])).map(
    ({ type, identity }) => `${type} ${identity}`,
  )
  const plan = Object.freeze({
    schema: publication.schema,
    approved: isApproved(record, target),
    steps: Object.freeze(steps),
    conflicts: Object.freeze([...carry.problems, ...adoption.conflicts]),
    foreign: Object.freeze(foreign),
  })
  return { plan, takenOver, ours, live }
}

/**
 * Differences of the live tables, marked when somebody made them without this tool. An index added to one of
 * our tables is no difference: the next version gets it too.
 */
function tableSteps(
  ours: readonly LiveTable[],
  wanted: readonly TableShape[],
  recorded: RecordedVersion | null,
  isBuilt: (table: LiveTable) => boolean,
): readonly MigrationStep[] {
  const shapes = ours.map(({ shape }) => shape)
  const built = new Set(ours.filter(isBuilt).map(({ shape }) => shape.name))
  const key = ({ kind, place }: MigrationStep) => `${kind} ${place}`
  const ofDefinition = new Set(differences(recorded?.shapes ?? shapes, wanted).map(key))
  const extras = ours
    .filter((table) => !isBuilt(table))
    .flatMap(({ shape, extras: names }) =>
      names.map((name) =>
        stepOf('removed index', shape.name, `index ${name} of ${shape.name}, which this tool did not make, goes`),
      ),
    )
  const steps = differences(shapes, wanted).flatMap((step) => {
    if (ofDefinition.has(key(step))) return [step]
    if (step.kind === 'removed index' && built.has(step.place)) return []
    return [Object.freeze({ ...step, text: `${step.text} (modified by hand)`, withdraws: false, byHand: true })]
  })
  return [...steps, ...extras]
}

/** A history table that is taken over loses nothing: its days are in the ledger by then. */
function takeOverStep({ shape }: LiveTable, histories: ReadonlySet<string>): MigrationStep {
  const days = histories.has(shape.name) ? ', with its days' : ''
  const text = `table ${shape.name}, which this tool did not make, is taken over${days}`
  return stepOf('adopted table', shape.name, text)
}

const schemaSteps = ({ exists }: LiveSchema, { schema }: Publication): readonly MigrationStep[] =>
  exists ? [] : [stepOf('new schema', schema, `schema ${schema} is created`)]

async function viewSteps({ session, publication }: Target, own: readonly string[]): Promise<readonly MigrationStep[]> {
  const views = await viewsAmong(session, own)
  return ownViews(publication, publication.schema).flatMap(({ name, comment, columns }): readonly MigrationStep[] => {
    const view = views.find((found) => found.name === name)
    if (view === undefined) return [stepOf('new view', name, `view ${name} is added`)]
    if (view.comment === comment && view.columns.join('\n') === columns.join('\n')) return []
    return [stepOf('changed view', name, `view ${name} gets other columns or another comment`)]
  })
}

function readerSteps({ readerExists }: LiveSchema, { reader }: Publication): readonly MigrationStep[] {
  const text = `role ${reader} does not exist, so nobody reads the tables: run provision`
  return readerExists ? [] : [stepOf('missing reader', reader, text)]
}

function requireUsable(live: LiveSchema, { schema, writer }: Publication): void {
  if (!live.writerExists) {
    throw new VitrineError('PRIVILEGE_MISSING', {
      place: 'target',
      detail: `The role ${writer}, which the publication names as its writer, does not exist.`,
      remedy: remedy`Run ${command('provision')}.`,
    })
  }
  if (!live.exists && !live.writerMayCreate) {
    throw new VitrineError('TARGET_SCHEMA_MISSING', {
      place: schema,
      detail: `The role ${writer} may not create it.`,
      remedy: remedy`Run ${command('provision')}, or as a superuser: create schema ${identifier(schema)} authorization ${identifier(writer)};`,
    })
  }
  if (live.exists) requireOwned(live, schema, writer)
}

/** Throws TARGET_SCHEMA_NOT_OWNED. */
export function requireOwned({ owner, owned }: LiveSchema, schema: string, writer: string): void {
  if (owned) return
  throw new VitrineError('TARGET_SCHEMA_NOT_OWNED', {
    place: schema,
    detail: `It belongs to ${owner}.`,
    remedy: `As ${owner} or a superuser: alter schema ${identifier(schema)} owner to ${identifier(writer)};`,
  })
}
