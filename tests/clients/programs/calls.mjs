// What the programs of Node share: the calls on standard input, and a pause between two of them.
import { readFileSync } from 'node:fs'

export const [address, key] = process.argv.slice(2)
export const calls = JSON.parse(readFileSync(0, 'utf8'))
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Tell each call by the client's method of that name: one object, the way server libraries take it. */
export async function tell(client) {
  for (const { type, ...call } of calls) {
    client[type](call)
    await pause(3)
  }
}
