// npm @segment/analytics-node
import { Analytics } from '@segment/analytics-node'
import { address, key, tell } from './calls.mjs'

const client = new Analytics({ host: address, writeKey: key, flushAt: 7, flushInterval: 100 })
client.on('error', (error) => { console.error(error); process.exitCode = 1 })
await tell(client)
await client.closeAndFlush({ timeout: 60_000 })
