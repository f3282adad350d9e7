// npm @jitsu/js, as it runs in Node
import { jitsuAnalytics } from '@jitsu/js'
import { address, calls, key } from './calls.mjs'

const client = jitsuAnalytics({ host: address, writeKey: `${key}:secret`, fetchTimeoutMs: 10_000 })
for (const call of calls) {
  if (call.type === 'identify') await client.identify(call.userId, call.traits)
  if (call.type === 'track') await client.track(call.event, call.properties).catch(() => {})
  if (call.type === 'page') await client.page({ name: call.name, ...call.properties })
}
