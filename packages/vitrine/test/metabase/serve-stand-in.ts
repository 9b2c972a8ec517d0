/** The stand-in as a program of its own: prints its address, and answers a message with how often it was asked. See `scripts/stand-in.mjs`. */
import { StandIn } from './stand-in.ts'

const standIn = await StandIn.start()
standIn.syncLag = 1
process.on('message', () => process.send?.(standIn.requests.length))
process.stdout.write(`${standIn.url}\n`)
