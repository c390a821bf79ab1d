import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleaved, time } from '../measure.js'
import { freePort, run } from '../processes.js'
import { plainEnvironment, wanted } from '../real-wheels.js'
import { startOurs } from '../servers.js'

const delay = fileURLToPath(new URL('../delay.js', import.meta.url))

/** Seconds that `pip install` of the whole set takes from an index, into a new directory, without pip's cache. */
export const install = async (bench, index) => {
  const target = await mkdtemp(join(bench.scratch, 'target-'))
  const options = ['--no-cache-dir', '--no-compile', '--only-binary', ':all:', '--target', target]
  const began = performance.now()
  await run(
    bench.python,
    ['-m', 'pip', 'install', '-q', '--index-url', index, ...options, ...wanted],
    { env: plainEnvironment(), maxBuffer: 1e8 },
  )
  const seconds = (performance.now() - began) / 1000
  const installed = (await readdir(target)).filter(name => name.endsWith('.dist-info')).length
  await rm(target, { recursive: true })
  if (installed < bench.site.real)
    throw new Error(`pip installed ${installed} of ${bench.site.real} from ${index}`)
  return seconds
}

/** With everything cached. */
export const warmPipRow = async (bench, add) => {
  const servers = [...(bench.ours ? [bench.ours] : []), bench.fixed, ...bench.peers]
  const able = []
  for (const server of servers) {
    try {
      await install(bench, server.index)
      able.push(server)
    } catch (error) {
      if (!server.optional) throw error
    }
  }
  const values = await interleaved(able, bench.options.pipRounds, server =>
    install(bench, server.index),
  )
  const work = `\`pip install\` of ${bench.site.real} packages, warm, \`--no-cache-dir\``
  add(time(work, 's', values, [[bench.fixed.name, 1.05]]))
}

const coldInstall = async (bench, index) => {
  const ours = await startOurs(bench, index)
  try {
    return await install(bench, ours.index)
  } finally {
    await ours.stop()
  }
}

const coldRow = async (bench, work, index) => {
  const targets = [
    ...(bench.options.ours ? [{ name: 'ours', once: () => coldInstall(bench, index) }] : []),
    { name: 'pip to upstream', once: () => install(bench, index) },
  ]
  const values = await interleaved(targets, bench.options.coldRounds, target => target.once())
  return time(work, 's', values, [['pip to upstream', 1.1]])
}

/** The upstream as it is seen from 40 ms away. */
export const startRelay = async bench => {
  const port = await freePort()
  const relay = bench.processes.start(process.execPath, [delay, port, bench.upstream.port, 20])
  const index = `http://127.0.0.1:${port}/simple/`
  await bench.processes.ready(relay, index)
  return { index, stop: () => bench.processes.stop(relay) }
}

/** With nothing cached, against pip that goes straight to the upstream, near and far. */
export const coldPipRows = async (bench, add, far) => {
  add(await coldRow(bench, 'the same, cold, upstream on loopback', bench.upstream.index))
  add(await coldRow(bench, 'the same, cold, upstream 40 ms away', far))
}
