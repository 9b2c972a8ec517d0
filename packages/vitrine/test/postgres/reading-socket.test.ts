/** A socket with much to read takes turns with everything else in the process, and loses nothing by it. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { divert, readingSocket } from '../../src/postgres/reading-socket.ts'

const SIZE = 4 * 1024 * 1024

/** Says much, and does not mind whether all of it is heard. */
function speak(peer: Socket): void {
  peer.on('error', () => undefined)
  peer.end(Buffer.alloc(SIZE, 7))
}

test('slow work on what is read never takes more than one read of a turn', async () => {
  const server = createServer(speak)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = readingSocket()
  let [turn, received] = [0, 0]
  let counting = true
  const count = () => {
    turn += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  const turns: number[] = []
  divert(socket, (_bytes, size) => {
    received += size
    turns.push(turn)
    for (const until = performance.now() + 3; performance.now() < until; );
  })
  // sound because the server listens on a port.
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'end')
  counting = false
  expect(received).toBe(SIZE)
  expect(turns.length).toBeGreaterThan(10)
  expect(new Set(turns).size).toBe(turns.length)
  socket.destroy()
  server.close()
})

test('a socket that waits for its reader is not woken by the end of a turn', async () => {
  const server = createServer(speak)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = readingSocket()
  let received = 0
  divert(socket, (_bytes, size) => {
    received += size
    socket.pause()
  })
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1')
  await expect.poll(() => received).toBeGreaterThan(0)
  const paused = received
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(received).toBe(paused)
  socket.destroy()
  server.close()
})
