import { fileURLToPath } from 'node:url'
import { run } from './processes.js'

const beside = name => fileURLToPath(new URL(name, import.meta.url))

/** Throws with how to get it unless wrk is there. */
export const needWrk = async () => {
  await run('wrk', ['-v']).catch(error => {
    if (error.code === 'ENOENT') throw new Error('wrk not found: apt-get install wrk')
  })
}

/** Requests a second that a server answers over 32 kept connections; throws when any went wrong. */
export const requestsPerSecond = async (
  { url, headers = {}, rangeOf },
  seconds,
  connections = 32,
) => {
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const { stdout } = await run(
    'wrk',
    ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', beside('wrk.lua'), ...named, url],
    { env: { ...process.env, ...(rangeOf === undefined ? {} : { RANGE_OF: String(rangeOf) }) } },
  )
  const seen = JSON.parse(stdout.trim().split('\n').at(-1))
  if (seen.bad > 0) throw new Error(`${url}: ${seen.bad} of ${seen.requests} requests went wrong`)
  return (seen.requests * 1e6) / seen.micros
}

/** Megabytes a second that flow over some connections, each asking for the same file again and again. */
export const megabytesPerSecond = async ({ url }, connections, seconds) => {
  const { stdout } = await run(process.execPath, [beside('drain.js'), url, connections, seconds])
  return Number(stdout)
}

/** What clients that ask at the same moment for one file saw: how many got exactly the bytes of `file`. */
export const swarm = async (url, clients, file) => {
  const { stdout } = await run(process.execPath, [beside('swarm.js'), url, clients, file])
  return JSON.parse(stdout)
}
