import { setTimeout as sleep } from 'node:timers/promises'
import { megabytesPerSecond, requestsPerSecond } from '../load.js'
import { interleaved, rate } from '../measure.js'
import { fetchRaw } from '../processes.js'
import { locate } from '../servers.js'

/** The URL of a file once the server gives it whole; undefined when it has not after ten tries. */
const warm = async (server, project, file) => {
  const url = await locate(server.index, project, file.filename)
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const answer = await fetchRaw(url)
    if (answer.status === 200 && answer.body.length === file.size) return url
    await sleep(1000)
  }
  return undefined
}

const targetsFor = async (bench, servers, project, file) => {
  const targets = []
  for (const server of servers) {
    const url = await warm(server, project, file).catch(() => undefined)
    if (url !== undefined) targets.push({ ...server, url })
    else if (!server.optional) throw new Error(`${server.name} does not serve ${file.filename}`)
  }
  return targets
}

/** Those that answer a range with 206. */
const ranged = async targets => {
  const able = []
  for (const target of targets) {
    const { status } = await fetchRaw(target.url, { Range: 'bytes=1000-1999' })
    if (status === 206) able.push(target)
  }
  return able
}

/** The rows about files that are cached. */
export const fileRows = async (bench, add) => {
  const { rounds, seconds } = bench.options
  const { tiny, big } = bench.site
  const servers = [...(bench.ours ? [bench.ours] : []), bench.fixed, ...bench.peers]
  const against = factor => [[bench.fixed.name, factor]]

  const bigTargets = await targetsFor(bench, servers, 'bigwheel', big)
  for (const connections of [1, 8]) {
    const values = await interleaved(bigTargets, rounds, target =>
      megabytesPerSecond(target, connections, seconds),
    )
    const work = `150 MB wheel, ${connections} connection${connections > 1 ? 's' : ''}`
    add(rate(work, 'MB/s', values, against(0.7)))
  }

  const pieces = await interleaved(await ranged(bigTargets), rounds, target =>
    requestsPerSecond({ ...target, rangeOf: big.size }, seconds),
  )
  add(rate('1,000-byte ranges of a 150 MB wheel', 'requests/s', pieces, against(0.15)))

  const tinyTargets = await targetsFor(bench, [...servers, bench.caching], 'few', tiny)
  const small = await interleaved(tinyTargets, rounds, target => requestsPerSecond(target, seconds))
  add(rate('10 KB wheel', 'requests/s', small, against(0.25)))
}
