import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { needWrk } from './load.js'
import { limit, show } from './measure.js'
import { findNginx, startNginx } from './nginx.js'
import { readOptions } from './options.js'
import { memory, Processes, untilQuiet } from './processes.js'
import { closure, findPython, realWheels, wanted } from './real-wheels.js'
import { document, table } from './report.js'
import { devpiRows } from './rows/devpi.js'
import { fileRows } from './rows/files.js'
import { pageRows } from './rows/pages.js'
import { coldPipRows, startRelay, warmPipRow } from './rows/pip.js'
import { prefetchRow } from './rows/prefetch.js'
import { startRows } from './rows/start.js'
import { firstByteRow, swarmRow } from './rows/swarm.js'
import { uploadRows } from './rows/uploads.js'
import { startOurs } from './servers.js'
import { makeSite } from './site.js'

const say = text => process.stderr.write(`${text}\n`)

const setUp = async (bench, options) => {
  bench.python = await findPython()
  const wheelsFor = async names =>
    bench.python === undefined ?
      []
    : ((await realWheels(bench.python, await mkdtemp(join(bench.scratch, 'wheels-')), names)) ?? [])
  const findWheels = async () => ({
    installed: await wheelsFor(wanted),
    closure: await wheelsFor(closure),
  })
  say('making the upstream')
  bench.site = await makeSite(options.site ?? join(bench.scratch, 'site'), findWheels)
  options.real = bench.site.real
  const nginx = (kind, settings) => startNginx(bench.processes, kind, bench.scratch, settings)
  const site = bench.site.directory
  bench.pages = join(bench.scratch, 'pages')
  bench.upstream = await nginx('upstream', { site, port: options.upstreamPort })
  bench.fixed = { name: 'nginx static', ...(await nginx('fixed', { site, pages: bench.pages })) }
  const origin = { upstreamPort: bench.upstream.port }
  bench.caching = { name: 'nginx caching proxy', ...(await nginx('caching', origin)) }
}

/** Everything asked of one server of ours in a row, with its memory before and after. */
const withOneServer = async (bench, add, parts) => {
  const { ours } = bench.options
  if (ours) {
    bench.ours = await startOurs(bench, bench.upstream.index)
    await sleep(3000)
    const { now } = await memory(bench.ours.pid)
    add(limit('RSS idle', '< 80 MB', show(now, 'MB'), now < 80))
  }
  for (const part of parts) await part(bench, add)
  if (ours) {
    const { now, peak } = await memory(bench.ours.pid)
    await sleep(untilQuiet)
    const { now: later } = await memory(bench.ours.pid)
    const text = `${show(now, 'MB')} (peak ${show(peak, 'MB')}), ${untilQuiet / 1000} s later ${show(later, 'MB')}`
    add(limit('RSS after all of this', '< 200 MB', text, now < 200))
    await bench.ours.stop()
  }
}

const measureAll = async (bench, options, add) => {
  const wants = name => options.only.includes(name)
  const pip = bench.site.real > 0
  if (!pip && (wants('pip') || wants('cold') || wants('prefetch')))
    say('SKIPPED: pip rows. They need python3 with pip configured for a local (file:) index.')
  if (wants('swarm')) await firstByteRow(bench, add)
  const warm = [
    ...(wants('swarm') ? [swarmRow] : []),
    ...(wants('pages') ? [pageRows] : []),
    ...(wants('files') ? [fileRows] : []),
    ...(wants('pip') && pip ? [warmPipRow] : []),
  ]
  if (warm.length > 0) await withOneServer(bench, add, warm)
  if (pip && (wants('cold') || wants('prefetch'))) {
    const relay = await startRelay(bench)
    if (wants('cold')) await coldPipRows(bench, add, relay.index)
    if (wants('prefetch')) await prefetchRow(bench, add, relay.index)
    await relay.stop()
  }
  if (wants('uploads')) await uploadRows(bench, add)
  if (wants('devpi')) await devpiRows(bench, add)
  if (wants('start')) await startRows(bench, add)
}

const write = async (rows, options, command) => {
  process.stdout.write(`${table(rows)}\n`)
  const path = options.out ?? fileURLToPath(new URL('../BENCHMARKS.md', import.meta.url))
  if (options.whole || options.out !== undefined) {
    await writeFile(path, await document(rows, command, options))
    say(`written: ${path}`)
  } else say('BENCHMARKS.md is left alone: this was not a whole run')
  const missed = rows.filter(row => row.met === false)
  for (const row of missed) say(`missed: ${row.work}: ${row.ratio || row.cells.get('ours')}`)
}

const main = async argv => {
  const options = readOptions(argv)
  if (options === undefined) return
  findNginx()
  await needWrk()
  const scratch = await mkdtemp(join(tmpdir(), 'proxypypi-bench-'))
  const processes = new Processes()
  const bench = { options, scratch, processes, peers: options.peers }
  const cleanUp = async () => {
    await processes.stopAll()
    await rm(scratch, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => void cleanUp().finally(() => process.exit(1)))
  const rows = []
  const add = row => {
    rows.push(row)
    say(`${row.work}: ${[...row.cells].map(([name, cell]) => `${name} ${cell}`).join(', ')}`)
  }
  try {
    await setUp(bench, options)
    await measureAll(bench, options, add)
  } finally {
    await cleanUp()
  }
  const rest = argv.length > 0 ? ` -- ${argv.join(' ')}` : ''
  await write(rows, options, `npm run bench${rest}`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
