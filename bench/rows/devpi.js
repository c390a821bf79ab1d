import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startDevpis } from '../devpi.js'
import { requestsPerSecond } from '../load.js'
import { interleaved, rate, time } from '../measure.js'
import { fetchRaw, memory, run, untilQuiet } from '../processes.js'
import { formOf, post } from '../publish-form.js'
import { jsonType } from '../site.js'
import { makeWheel } from '../wheel.js'

const publish = fileURLToPath(new URL('../publish.js', import.meta.url))
const releases = 100
const largeReleases = 20
const wheels = 200
const real = 'devpi-server'

// A stage which inherits from two others and the mirror, each with a file of its own.
const indexes = {
  one: { mirror_whitelist: '*' },
  two: { mirror_whitelist: '*' },
  top: { bases: 'bench/one,bench/two,root/pypi', mirror_whitelist: '*' },
  dev: {},
  staging: {},
  many: {},
}

const stages = ['one', 'two', 'top']

const setUp = async server => {
  await server.setUp(indexes)
  for (const project of ['few', 'longhistory'])
    for (const [at, index] of stages.entries())
      await post(server.uploadUrl(index), formOf(makeWheel(project, `999.${at}`, randomBytes(50))))
}

const asks = {
  HTML: { 'User-Agent': 'pip/24.0', Accept: 'text/html' },
  JSON: { 'User-Agent': 'pip/24.0', Accept: jsonType },
}

/** Where the page is of each server; throws unless it lists everything. */
const targetsFor = async (servers, project, headers) => {
  const least = (project === 'few' ? 6 : 12_000) + stages.length
  const targets = servers.map(({ name, origin }) => ({
    name,
    headers,
    url: `${origin}/bench/top/+simple/${project}/`,
  }))
  for (const { name, url } of targets) {
    const { status, body } = await fetchRaw(url, headers)
    const listed = new Set(body.toString().match(/[\w.-]+\.whl(?=["<])/g)).size
    if (status !== 200 || listed < least)
      throw new Error(`${name}: ${url}: ${status} with ${listed} files instead of ${least}`)
  }
  return targets
}

const fewRow = async (bench, servers, form) => {
  const targets = await targetsFor(servers, 'few', asks[form])
  const { rounds, seconds } = bench.options
  const values = await interleaved(targets, rounds, target => requestsPerSecond(target, seconds))
  const work = `page of a stage over 2 stages and a mirror, few files, ${form}, plain`
  return rate(work, 'requests/s', values, [[real, 20]])
}

/** One connection: 32 at once keep devpi-server busy for longer than a round. */
const manyRow = async (bench, servers, form) => {
  const targets = await targetsFor(servers, 'longhistory', asks[form])
  const { rounds, seconds } = bench.options
  const values = await interleaved(targets, rounds, target => requestsPerSecond(target, seconds, 1))
  const work = `the same, 12,000 files, ${form}, plain, 1 connection`
  return rate(work, 'requests/s', values, [[real, 20]])
}

const pythons = ['cp310', 'cp311', 'cp312', 'cp313']

/** Releases with a wheel for each of some Pythons. */
const uploadReleases = async (server, project, count, tags, bytes) => {
  for (let at = 0; at < count; at += 1)
    for (const tag of tags) {
      const wheel = makeWheel(`${project}${at}`, '1.0', randomBytes(bytes), tag)
      await post(server.uploadUrl('dev'), formOf(wheel))
    }
}

/** Seconds for all pushes, one after the other. */
const pushAll = async (server, project, count) => {
  const began = performance.now()
  for (let at = 0; at < count; at += 1)
    await server.ask('POST', '/bench/dev', {
      name: `${project}${at}`,
      version: '1.0',
      targetindex: 'bench/staging',
    })
  return (performance.now() - began) / 1000
}

const pushRow = async (servers, work, project, count, tags, bytes) => {
  for (const server of servers) await uploadReleases(server, project, count, tags, bytes)
  const values = await interleaved(servers, 1, server => pushAll(server, project, count))
  return time(work, 's', values, [[real, 0.2]])
}

const smallPushRow = servers => {
  const work = `push of ${releases} releases of one 10 KB wheel to another index`
  return pushRow(servers, work, 'small', releases, ['py3'], 9500)
}

/** What most releases with compiled code are like. */
const largePushRow = servers => {
  const work = `push of ${largeReleases} releases of four 5 MB wheels to another index`
  return pushRow(servers, work, 'large', largeReleases, pythons, 5_000_000)
}

const uploadRow = async servers => {
  const values = await interleaved(servers, 1, async server => {
    const args = [publish, server.uploadUrl('many'), '4', String(wheels)]
    const { stdout } = await run(process.execPath, args, { maxBuffer: 1e8 })
    return wheels / JSON.parse(stdout).seconds
  })
  return rate(`${wheels} uploads of 10 KB wheels by 4 clients`, 'uploads/s', values, [[real, 1]])
}

const memoryRow = async (servers, when) => {
  const values = new Map()
  for (const { name, pid } of servers) values.set(name, (await memory(pid)).now)
  return time(`RSS ${when}`, 'MB', values, [[real, 0.33]])
}

// What a server holds right after work is in part garbage of V8 whose moment has not come.
const memoryRows = async (servers, add) => {
  add(await memoryRow(servers, 'after all that devpi rows ask'))
  await sleep(untilQuiet)
  add(await memoryRow(servers, `${untilQuiet / 1000} s later`))
}

/** What devpi's interface is used for, beside a real devpi-server. */
export const devpiRows = async (bench, add) => {
  const servers = await startDevpis(bench, bench.upstream.index)
  try {
    for (const server of servers) await setUp(server)
    for (const form of ['HTML', 'JSON']) add(await fewRow(bench, servers, form))
    for (const form of ['HTML', 'JSON']) add(await manyRow(bench, servers, form))
    add(await smallPushRow(servers))
    add(await largePushRow(servers))
    add(await uploadRow(servers))
    await memoryRows(servers, add)
  } finally {
    for (const server of servers) await server.stop()
  }
}
