// npm posthog-node
import { PostHog } from 'posthog-node'
import { address, calls, key, pause } from './calls.mjs'

const client = new PostHog(key, {
  host: address, flushAt: 4, flushInterval: 100, fetchRetryCount: 10, fetchRetryDelay: 500,
})
for (const { type, userId: distinctId, ...call } of calls) {
  if (type === 'identify') client.identify({ distinctId, properties: call.traits })
  if (type === 'track') client.capture({ distinctId, event: call.event, properties: call.properties })
  if (type === 'page') client.capture({ distinctId, event: '$pageview', properties: { name: call.name, ...call.properties } })
  if (type === 'group') client.groupIdentify({ groupType: 'company', groupKey: call.groupId, properties: call.traits, distinctId })
  if (type === 'alias') client.alias({ distinctId: call.previousId, alias: distinctId })
  await pause(3)
}
await client.shutdown(60_000)
