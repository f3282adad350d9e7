// npm @rudderstack/rudder-sdk-node
import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { address, key, calls, pause, tell } from './calls.mjs'

let told = 0
const client = new RudderAnalytics(key, {
  dataPlaneUrl: address,
  flushAt: 7,
  flushInterval: 100,
  retryCount: 8, // the three of its default are over in a second, before a shop that was killed is back
  logLevel: 'silly',
  errorHandler: (error) => { console.error(error); process.exitCode = 1 },
})
const counting = new Proxy(client, {
  get: (client, type) => (call) => client[type](call, (error) => { if (!error) told += 1 }),
})
await tell(counting)
for (let waited = 0; told < calls.length && !process.exitCode && waited < 60_000; waited += 50) {
  await client.flush()
  await pause(50)
}
if (told < calls.length) { console.error(`told ${told} of ${calls.length}`); process.exitCode = 1 }
