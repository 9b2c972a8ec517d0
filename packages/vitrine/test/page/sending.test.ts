/** A page is sent as it becomes ready: what is there does not wait for what is still to come, compressed or not. */
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { expect, test } from 'vitest'
import { html } from '../../src/drawing/html.ts'
import { Switched } from '../../src/page/answers.ts'
import { compressed } from '../../src/page/compress.ts'
import { KeptBoards, Later, sent } from '../../src/page/kept-boards.ts'

function later() {
  let [resolve, reject]: [(text: string) => void, (thrown: Error) => void] = [() => undefined, () => undefined]
  const drawn = new Promise<string>((...both) => {
    ;[resolve, reject] = both
  })
  const card = new Later(
    drawn.then((text) => html`${text}`),
    html`meanwhile`,
    'key',
  )
  return { part: { card }, resolve, reject }
}

async function all(parts: ReturnType<typeof sent>): Promise<readonly string[]> {
  const told: string[] = []
  for await (const part of parts) told.push(String(part))
  return told
}

test('what is there comes before what is still drawn, and what is there again comes at once', async () => {
  const [one, two] = [later(), later()]
  const parts = [html`title `, one.part, html` between `, two.part, html` end`]
  const sending = sent(parts, null)
  expect(String((await sending.next()).value)).toBe('title ')
  two.resolve('two')
  one.resolve('one')
  expect(await all(sending)).toEqual(['one between two end'])
  expect(await all(sent(parts, null))).toEqual(['title one between two end'])
})

test('who asks for the same while it is made waits for that', async () => {
  const kept = new KeptBoards()
  let made = 0
  const make = async () => ++made
  expect(await Promise.all(['a', 'a', 'b'].map((key) => kept.once(key, make)))).toEqual([1, 1, 2])
  expect(await kept.once('a', make)).toBe(3)
})

test('after its time a card has another in its place', async () => {
  const [one, two] = [later(), later()]
  two.resolve('two')
  await two.part.card.html
  expect((await all(sent([one.part, two.part], 1))).join('')).toBe('meanwhiletwo')
})

test('a version that is switched under it asks for the page again; another fault is one', async () => {
  const [one, two] = [later(), later()]
  one.reject(new Switched())
  expect((await all(sent([html`title`, one.part, html`end`], null))).join('')).toBe(
    'title<meta http-equiv="refresh" content="0">',
  )
  two.reject(new Error('drawing'))
  await expect(all(sent([two.part], null))).rejects.toThrow('drawing')
})

test('a part that is ready waits for no other when it is compressed; events are sent as they are', async () => {
  let goOn: () => void = () => undefined
  const waits = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const app = new Hono().use(compressed)
  app.get('/page', (call) => {
    call.header('content-type', 'text/html; charset=UTF-8')
    return stream(call, async (out) => {
      await out.write('first')
      await waits
      await out.write('second')
    })
  })
  app.get('/events', (call) => call.body('data: 1', 200, { 'content-type': 'text/event-stream' }))
  const headers = { 'accept-encoding': 'br, gzip' }
  const answer = await app.request('/page', { headers })
  expect([answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding'])
  // sound because the answer has a body.
  const body = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new DecompressionStream('gzip'))
  let text = ''
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    text += part
    if (text === 'first') goOn()
  }
  expect(text).toBe('firstsecond')
  expect((await app.request('/events', { headers })).headers.get('content-encoding')).toBeNull()
  const plain = await app.request('/page', { headers: { 'accept-encoding': 'gzip;q=0' } })
  expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, 'firstsecond'])
})
