/** Makes the page of a publication and listens for it. Called by `serve`, and by systems that serve it beside their schedule. */
import { VitrineError } from '../base/errors.ts'
import { requireSoundDashboards } from '../dashboards/dashboard-check.ts'
import { warmUp } from '../drawing/plot.ts'
import { actionsPlace, begun } from '../page/actions.ts'
import { Answers } from '../page/answers.ts'
import { createPage } from '../page/app.ts'
import type { Actions } from '../page/context.ts'
import { dashboardsPlace } from '../page/dashboards-place.ts'
import { dictionaryPlace } from '../page/dictionary-place.ts'
import { listenForPages } from '../page/listen.ts'
import { Readers } from '../page/reader-sessions.ts'
import { runsPlace } from '../page/runs-place.ts'
import { statePlace } from '../page/state-place.ts'
import { watchPlace } from '../page/watch.ts'
import type { Address } from '../postgres/address.ts'
import { connect } from '../postgres/connect.ts'
import { rollback } from '../run/rollback.ts'
import type { Listener } from '../schedule/listener.ts'
import type { Call } from './command.ts'
import type { Settings } from './environment.ts'
import type { PageAnswering } from './page-settings.ts'
import { showing } from './progress.ts'
import { publishUnless } from './publishing.ts'
import type { WatchedPublication } from './watched-publication.ts'

/** The source is needed to publish from the page, the target for the record of runs; both are optional. */
export interface Serving extends Pick<Settings, 'source' | 'target' | 'pseudonymKey'> {
  readonly reader: Address
  readonly metabaseUrl?: string | null
  readonly watched?: WatchedPublication | null
}

/** How long a question may take. */
const QUESTION_MS = 5_000

/**
 * Throws DEFINITION_INVALID for dashboards that `check` refuses, and SETTINGS_INVALID when the address cannot be had; with
 * `anyPort`, a port that is taken is no reason: any free one does.
 */
export async function servePage(
  call: Call,
  answering: PageAnswering,
  serving: Serving,
  anyPort = false,
): Promise<Listener> {
  const { io, publication: given } = call
  const { reader, target, metabaseUrl = null, watched = null } = serving
  if (watched === null) await requireSoundDashboards(given)
  const limits = { ...given.limits, statementTimeoutMs: QUESTION_MS }
  const name = `vitrine ${given.name} page`
  const sessions = (address: Address) => new Readers(() => connect(address, { side: 'target', name, limits }))
  const [readers, writers] = [sessions(reader), target === null ? null : sessions(target)]
  const runs = new Runs(call)
  const page = createPage({
    publication: () => watched?.current ?? given,
    watch: watched,
    clock: io.clock,
    names: call.names,
    ...answering,
    theme: given.theme ?? {},
    metabaseUrl,
    readers,
    tell: call.tell,
    actions: runs.actions(serving),
    asWriter: writers === null ? null : (work) => writers.use(work),
    places: [dashboardsPlace, dictionaryPlace, runsPlace, statePlace, actionsPlace, watchPlace],
  })
  const listening = await listenForPages(answering.address, page).catch((error: unknown) => {
    if (!anyPort || !(error instanceof VitrineError) || error.code !== 'SETTINGS_INVALID') throw error
    return listenForPages({ ...answering.address, port: 0 }, page)
  })
  // The first reader waits neither for sessions nor for the library of the charts.
  const asked = [new Answers(readers).facts(given), readers.use(async () => undefined)]
  void Promise.allSettled([...asked, warmUp()])
  return {
    url: `${listening.url}${answering.prefix}`,
    close: async () => {
      await listening.close()
      await Promise.all([readers.close(), writers?.close()])
      await runs.ended()
    },
  }
}

/** Runs that were started from the page. */
class Runs {
  readonly #call: Call
  readonly #going = new Set<Promise<unknown>>()

  constructor(call: Call) {
    this.#call = call
  }

  async ended(): Promise<void> {
    await Promise.allSettled(this.#going)
  }

  actions({ source, target, pseudonymKey }: Serving): Actions {
    const { publication, signal, fault, io } = this.#call
    if (target === null) return { sync: null, rollback: null }
    const sync = async (began: () => void) => {
      if (source === null) return
      const isDone = async () => {
        began()
        return false
      }
      await publishUnless(this.#call, { source, target, pseudonymKey }, {}, isDone)
    }
    const back = async (began: () => void) => {
      await showing(io, (progress) => {
        const observer: typeof progress = (event) => {
          began()
          progress(event)
        }
        return rollback({ publication, target, observer, signal: AbortSignal.any([signal, fault]) })
      })
    }
    return { sync: source === null ? null : () => this.#start(sync), rollback: () => this.#start(back) }
  }

  #start(run: (began: () => void) => Promise<void>): Promise<void> {
    const kept = (began: () => void) => {
      const going = run(began)
      this.#going.add(going)
      return going.finally(() => this.#going.delete(going))
    }
    return begun(kept, (thrown) => {
      if (!(thrown instanceof VitrineError && thrown.code === 'RUN_IN_PROGRESS')) this.#call.tell(thrown)
    })
  }
}
