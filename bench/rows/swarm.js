import { get } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { swarm } from '../load.js'
import { limit, median, show } from '../measure.js'
import { memory } from '../processes.js'
import { locate, startOurs } from '../servers.js'

/** Milliseconds from asking to the first byte of the body; the rest is not awaited. */
const firstByte = async url => {
  const began = performance.now()
  const response = await new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
  await new Promise(resolve => {
    response.once('data', resolve)
  })
  const passed = performance.now() - began
  response.destroy()
  return passed
}

/** How much later than from upstream the first byte comes from a server of ours that has just started. */
export const firstByteRow = async (bench, add) => {
  if (!bench.options.ours) return
  const { big } = bench.site
  const direct = await locate(bench.upstream.index, 'bigwheel', big.filename)
  await firstByte(direct)
  const seen = { upstream: [], ours: [] }
  for (let round = 0; round < 5; round += 1) {
    const ours = await startOurs(bench, bench.upstream.index)
    const url = await locate(ours.index, 'bigwheel', big.filename)
    seen.upstream.push(await firstByte(direct))
    seen.ours.push(await firstByte(url))
    await ours.stop()
  }
  const later = median(seen.ours) - median(seen.upstream)
  const worst = Math.max(...seen.ours) - median(seen.upstream)
  const text = `${show(later, 'ms')} later (worst ${show(worst, 'ms')})`
  const required = '≤ 30 ms after upstream’s'
  add(limit('first byte of an uncached 150 MB wheel', required, text, later <= 30))
}

const asked = async (bench, path) => {
  const log = await readFile(join(bench.upstream.directory, 'access.log'), 'utf8')
  return log.split('\n').filter(line => line.startsWith(`GET /${path} `)).length
}

/** Twenty clients at once, asking our server when it has served nothing yet. */
export const swarmRow = async (bench, add) => {
  const { ours } = bench
  if (ours === undefined) return
  const { big, directory } = bench.site
  const url = await locate(ours.index, 'bigwheel', big.filename)
  const before = await asked(bench, big.path)
  const { clients, whole } = await swarm(url, 20, join(directory, big.path))
  await sleep(500)
  const requests = (await asked(bench, big.path)) - before
  const { peak } = await memory(ours.pid)
  const right = whole === clients ? '' : `, ${clients - whole} clients got wrong or short bytes`
  const text = `${requests} request${requests === 1 ? '' : 's'}, peak ${show(peak, 'MB')}${right}`
  const required = '1 upstream request, peak RSS < 150 MB'
  const met = requests === 1 && peak < 150 && whole === clients
  add(limit('20 clients for one uncached 150 MB wheel', required, text, met))
}
