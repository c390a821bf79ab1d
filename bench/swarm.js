// Its own process: node swarm.js URL CLIENTS FILE asks for URL from all clients at once and prints
// how many got a 200 with exactly the bytes of FILE.
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'

const [, , url, clients, file] = process.argv
const expected = await readFile(file)

const download = async () => {
  const response = await new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
  let at = 0
  let same = response.statusCode === 200
  for await (const chunk of response) {
    same &&= chunk.equals(expected.subarray(at, at + chunk.length))
    at += chunk.length
  }
  return same && at === expected.length
}

const outcomes = await Promise.allSettled(Array.from({ length: Number(clients) }, download))
const whole = outcomes.filter(outcome => outcome.value === true).length
process.stdout.write(`${JSON.stringify({ clients: outcomes.length, whole })}\n`)
