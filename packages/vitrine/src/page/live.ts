/**
 * Follows a run in the browser: sends events with its growing content, until it has ended. For any number of followers, the
 * target is read once per second. A browser without script reloads the page instead.
 */
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { pause } from '../base/pause.ts'
import type { PageContext, Routes } from './context.ts'
import { runContent } from './run-page.ts'
import { readRuns, type SeenRun, seenIn } from './seen-run.ts'
import { type Telling, tellingOf } from './telling.ts'

const LOOK_MS = 1_000
const FOLLOWERS = 100
/** So often a run is looked for that is not recorded. */
const MISSES = 10

/** In the browser: what comes is shown, and only the end is told to whoever listens. */
export const liveScript = `for (const box of document.querySelectorAll('[data-follow]')) {
  const events = new EventSource(box.dataset.follow)
  const show = (event) => { box.innerHTML = event.data }
  events.addEventListener('grew', show)
  events.addEventListener('ended', async (event) => {
    events.close()
    show(event)
    document.querySelector('.v-ended').textContent = box.dataset.ended + ' ' + (box.querySelector('.mark')?.textContent ?? '')
    const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html')
    for (const part of ['.v-runs', '.v-tone']) {
      const [old, next] = [document.querySelector(part), fresh.querySelector(part)]
      if (old !== null && next !== null) old.replaceWith(document.adoptNode(next))
    }
  })
}
`

/** The run of this number, or the one that goes, as it was seen within the last second; null when it is not recorded. */
function looking({ asWriter, publication, clock }: PageContext): (number: number | null) => Promise<SeenRun | null> {
  const looks = new Map<number | null, { readonly at: number; readonly seen: Promise<SeenRun | null> }>()
  return (number) => {
    const last = looks.get(number)
    if (last !== undefined && clock.monotonicMs() - last.at < LOOK_MS) return last.seen
    const read = asWriter?.((session) => readRuns(session, publication(), 2, number)) ?? Promise.resolve(null)
    const seen = read.then((record) => {
      const found = record === null ? null : seenIn(record, 0)
      return found !== null && (number === null ? found.goes : found.run.id === number) ? found : null
    })
    looks.clear()
    looks.set(number, { at: clock.monotonicMs(), seen })
    return seen
  }
}

export const liveRoutes: Routes = (app, context) => {
  const look = looking(context)
  let followers = 0
  const follow = async (stream: SSEStreamingApi, asked: number | null, telling: Telling): Promise<void> => {
    let number = asked
    for (let misses = 0; misses < MISSES && !stream.aborted; await pause(LOOK_MS)) {
      const seen = await look(number)
      if (seen === null) {
        misses += 1
        continue
      }
      number = seen.run.id
      const data = String(runContent(seen, context.publication(), telling))
      await stream.writeSSE({ event: seen.goes ? 'grew' : 'ended', data })
      if (!seen.goes) return
    }
  }
  app.get('/runs/:run{current|[1-9][0-9]{0,8}}/events', (call) => {
    // Nobody reads the answer to HEAD, which would wait for that.
    if (call.req.method === 'HEAD') return call.body(null)
    if (followers >= FOLLOWERS) return call.body(null, 503)
    const asked = call.req.param('run')
    const telling = tellingOf(context, call.var.visitor.reading)
    followers += 1
    const work = (stream: SSEStreamingApi) =>
      follow(stream, asked === 'current' ? null : Number(asked), telling).finally(() => {
        followers -= 1
      })
    // The browser asks again by itself.
    return streamSSE(call, work, async () => undefined)
  })
}
