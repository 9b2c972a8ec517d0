/** Alarms leave by e-mail to a real SMTP server, within bounds, and never tell a password. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import type { Alarm } from '../../src/schedule/alarms/alarm.ts'
import { configured, deliver } from '../../src/schedule/alarms/channel.ts'
import { mail } from '../../src/schedule/alarms/mail.ts'

const alarm: Alarm = {
  text: 'Vitrine shop: nothing published for 2026-01-15 00:00:00 (Europe/Paris). Café fermé.',
  kind: 'failed',
  publication: 'shop',
  schema: 'shop',
  at: new Date('2026-01-15T02:00:00Z'),
  due: new Date('2026-01-14T23:00:00Z'),
  attempts: 1,
  code: 'TABLE_SHRANK',
  place: null,
  run: null,
  warnings: [],
  problems: [],
}

let close = async () => undefined as unknown
afterEach(() => close())

/** A server that keeps the mails that it accepted, and counts those who came. */
async function serve(options: SMTPServerOptions) {
  const mails: { from: string; to: readonly string[]; text: string }[] = []
  const came = { count: 0 }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    ...options,
    onConnect(_, callback) {
      came.count++
      callback()
    },
    async onData(stream, { envelope }, callback) {
      let text = ''
      for await (const chunk of stream) text += chunk
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
      mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
      callback()
    },
  })
  // A client that leaves in the middle of the TLS handshake, as ours does, is no failure of the test.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  // sound because a server that listens on a port has such an address.
  return { port: (server.server.address() as AddressInfo).port, mails, came }
}

async function send(url: string, to = 'team@shop.test', deliveryTimeoutMs = 30_000): Promise<string | null> {
  const values: Readonly<Record<string, string>> = {
    VITRINE_ALARM_SMTP_URL: url,
    VITRINE_ALARM_MAIL_FROM: 'vitrine@shop.test',
    VITRINE_ALARM_MAIL_TO: to,
  }
  const receiver = configured(mail, (name) => values[name] ?? null)
  const limits = { deliveryTimeoutMs, deliveryTries: 3, deliveryPauseMs: 10 }
  const rules = { limits, signal: new AbortController().signal }
  const reason = receiver === null ? null : await deliver(receiver, alarm, rules)
  expect(reason ?? '').not.toMatch(/canary|127\.0\.0\.1/)
  return reason
}

const refusal = (status: number) => Object.assign(new Error('canary'), { responseCode: status })

describe('an alarm by e-mail', () => {
  test('arrives at each address, after a login', async () => {
    const logins: unknown[] = []
    const { port, mails } = await serve({
      authOptional: false,
      onAuth({ username, password }, _, callback) {
        logins.push([username, password])
        callback(null, { user: username })
      },
    })
    expect(
      await send(`smtp://alarm%40shop:canary%2Fword@127.0.0.1:${port}`, 'team@shop.test, boss@shop.test'),
    ).toBeNull()
    expect(logins).toEqual([['alarm@shop', 'canary/word']])
    expect(mails).toMatchObject([{ from: 'vitrine@shop.test', to: ['team@shop.test', 'boss@shop.test'] }])
    expect(mails[0]?.text).toMatch(/^Subject: Vitrine shop: nothing published\r$/m)
    expect(mails[0]?.text).toContain('Caf=C3=A9 ferm=C3=A9')
  })

  test.each([
    [451, 3],
    [550, 1],
  ])('is given up as the server says: %i, %i tries', async (status, tries) => {
    const { port, came } = await serve({ onMailFrom: (_, __, callback) => callback(refusal(status)) })
    expect([await send(`smtp://127.0.0.1:${port}`), came.count]).toEqual([`it answered ${status}`, tries])
  })

  test('with a wrong password is tried once', async () => {
    const { port, came } = await serve({ onAuth: (_, __, callback) => callback(refusal(535)) })
    expect([await send(`smtp://alarm:canary@127.0.0.1:${port}`), came.count]).toEqual(['it answered 535', 1])
  })

  test('says how many addresses were refused', async () => {
    const { port, mails } = await serve({
      onRcptTo: ({ address }, _, callback) => callback(address.startsWith('boss') ? refusal(550) : null),
    })
    expect(await send(`smtp://127.0.0.1:${port}`, 'team@shop.test,boss@shop.test')).toBe('it refused 1 of 2 addresses')
    expect(mails).toMatchObject([{ to: ['team@shop.test'] }])
  })

  test.each(['smtp', 'smtps'])('is not handed to a %s server whose certificate nobody knows', async (scheme) => {
    const { port, mails } = await serve({ secure: scheme === 'smtps', disabledCommands: [] })
    expect(await send(`${scheme}://alarm:canary@127.0.0.1:${port}`)).toMatch(/^it could not be reached \([A-Z_]+\)$/)
    expect(mails).toEqual([])
  })

  test('ends when the server is silent, and when it is gone', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    close = () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => silent.close(resolve))
    }
    // sound because a server that listens on a port has such an address.
    const { port } = silent.address() as AddressInfo
    const url = `smtp://127.0.0.1:${port}`
    expect([await send(url, 'team@shop.test', 800), sockets.length]).toEqual(['no answer within 800 ms', 3])
    await close()
    close = async () => undefined
    expect(await send(url)).toMatch(/^it could not be reached \([A-Z_]+\)$/)
  })
})
