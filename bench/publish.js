// Its own process: node publish.js URL CLIENTS COUNT uploads COUNT small wheels of 50 projects from so
// many clients, each on a connection of its own, and prints seconds and the milliseconds of each.
import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { formOf, post } from './publish-form.js'
import { makeWheel } from './wheel.js'

const [, , url, clients, count] = process.argv

const forms = Array.from({ length: Number(count) }, (_, at) =>
  formOf(makeWheel(`small${at % 50}`, `1.${Math.floor(at / 50)}`, randomBytes(9500))),
)

const times = []
const client = async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let form = forms.pop(); form !== undefined; form = forms.pop()) {
    const began = performance.now()
    await post(url, form, agent)
    times.push(performance.now() - began)
  }
  agent.destroy()
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(clients) }, client))
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, times }))
