import { createHash, randomBytes } from 'node:crypto'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleaved, limit, median, rate, show } from '../measure.js'
import { memory, run } from '../processes.js'
import { startOurs } from '../servers.js'
import { startNginx } from '../nginx.js'
import { makeWheel } from '../wheel.js'

const megabytes = 500
const publish = fileURLToPath(new URL('../publish.js', import.meta.url))

/** One wheel on the disk, to be sent by curl. */
const makeBig = async bench => {
  const { filename, body } = makeWheel('hugewheel', '1.0', randomBytes(megabytes * 1e6))
  const path = join(bench.scratch, filename)
  await writeFile(path, body)
  return { path, filename, sha256: createHash('sha256').update(body).digest('hex') }
}

const curl = async args => {
  const began = performance.now()
  const { stdout } = await run('curl', ['-sS', '-o', '/dev/null', '-w', '%{http_code}', ...args])
  if (!/^20[01]/.test(stdout)) throw new Error(`curl ${args.at(-1)}: ${stdout}`)
  return began
}

const perSecond = began => (megabytes * 1000) / (performance.now() - began)

/** Our server makes the file durable before it answers. Each round has a build number of its own. */
const uploadToOurs = async (ours, big, build) => {
  const filename = big.filename.replace('-1.0-', `-1.0-${build}-`)
  const fields = {
    ':action': 'file_upload',
    protocol_version: '1',
    metadata_version: '2.1',
    name: 'hugewheel',
    version: '1.0',
    filetype: 'bdist_wheel',
    sha256_digest: big.sha256,
  }
  const form = Object.entries(fields).flatMap(([key, value]) => ['-F', `${key}=${value}`])
  const url = new URL('../legacy/', ours.index).href
  const speed = perSecond(
    await curl([...form, '-F', `content=@${big.path};filename=${filename}`, url]),
  )
  await rm(join(ours.directory, 'hugewheel', filename))
  return speed
}

/** nginx does not, so its file is synced here, within the time that counts. */
const putToNginx = async (server, big) => {
  const began = await curl(['-T', big.path, `http://127.0.0.1:${server.port}/${big.filename}`])
  const stored = join(server.directory, 'files', big.filename)
  const handle = await open(stored, 'r+')
  await handle.sync()
  await handle.close()
  const speed = perSecond(began)
  await rm(stored)
  return speed
}

/** A large upload, beside a server that only stores; both run all the time. */
const largeRow = async (bench, add) => {
  const big = await makeBig(bench)
  const dav = await startNginx(bench.processes, 'storing', bench.scratch, {})
  const ours = bench.options.ours ? await startOurs(bench, bench.upstream.index) : undefined
  let build = 0
  const targets = [
    ...(ours === undefined ?
      []
    : [{ name: 'ours', once: () => uploadToOurs(ours, big, (build += 1)) }]),
    { name: 'nginx WebDAV', once: () => putToNginx(dav, big) },
  ]
  const values = await interleaved(targets, bench.options.rounds, target => target.once())
  const work = `upload of a ${megabytes} MB wheel by curl, durable`
  add(rate(work, 'MB/s', values, [['nginx WebDAV', 0.5]]))
  await rm(big.path)
  if (ours === undefined) return
  const { peak } = await memory(ours.pid)
  await ours.stop()
  add(limit('RSS meanwhile', '< 120 MB', `peak ${show(peak, 'MB')}`, peak < 120))
}

/** Many small ones at once. */
const smallRow = async (bench, add) => {
  if (!bench.options.ours) return
  const ours = await startOurs(bench, bench.upstream.index)
  try {
    const url = new URL('../legacy/', ours.index).href
    const { stdout } = await run(process.execPath, [publish, url, '8', '1000'], { maxBuffer: 1e8 })
    const { seconds, times } = JSON.parse(stdout)
    const late = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]
    const text = `${show(times.length / seconds, 'uploads/s')}, median ${show(median(times), 'ms')}, p99 ${show(late, 'ms')}`
    add(limit('1,000 uploads of 10 KB wheels by 8 clients, durable', '', text, undefined))
  } finally {
    await ours.stop()
  }
}

/** Publishing. */
export const uploadRows = async (bench, add) => {
  await largeRow(bench, add)
  await smallRow(bench, add)
}
