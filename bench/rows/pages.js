import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { requestsPerSecond } from '../load.js'
import { interleaved, rate } from '../measure.js'
import { fetchRaw } from '../processes.js'
import { jsonType } from '../site.js'

const forms = {
  html: { accept: 'text/html', type: /^text\/html|\+html/, suffix: 'html' },
  json: { accept: jsonType, type: /\+json/, suffix: 'json' },
}

const ask = (form, gzip) => ({
  Accept: forms[form].accept,
  ...(gzip ? { 'Accept-Encoding': 'gzip' } : {}),
})

const pageOf = (server, project) => new URL(`${project}/`, server.index).href

/** The answer to one request if it is what was asked for, else undefined. */
const answerAs = async (url, form, gzip) => {
  const answer = await fetchRaw(url, ask(form, gzip))
  const typed = forms[form].type.test(answer.headers['content-type'] ?? '')
  const encoded = answer.headers['content-encoding'] === 'gzip'
  return answer.status === 200 && typed && encoded === gzip ? answer : undefined
}

/** Lays the pages our server gives, byte for byte, before the yardstick; without it upstream's own. */
const layPages = async (bench, project) => {
  const source = bench.ours ?? bench.upstream
  await mkdir(bench.pages, { recursive: true })
  for (const form of Object.keys(forms)) {
    const url = pageOf(source, project)
    const plain = await fetchRaw(url, ask(form, false))
    const listed = plain.body.toString().match(/\.whl"|\.whl<\/a>/g)?.length ?? 0
    if (listed < (project === 'longhistory' ? 12_000 : 6))
      throw new Error(`${url} as ${form} lists ${listed} files`)
    const packed = bench.ours ? (await fetchRaw(url, ask(form, true))).body : gzipSync(plain.body)
    const path = join(bench.pages, `${project}.${forms[form].suffix}`)
    await writeFile(path, plain.body)
    await writeFile(`${path}.gz`, packed)
  }
}

/** Who can be asked for a page in this form and encoding. */
const targetsFor = async (bench, project, form, gzip) => {
  const fixed = new URL(`../pages/${project}.${forms[form].suffix}`, bench.fixed.index).href
  const all = [
    ...(bench.ours ? [{ name: 'ours', url: pageOf(bench.ours, project) }] : []),
    { name: bench.fixed.name, url: fixed },
    { name: bench.caching.name, url: pageOf(bench.caching, project) },
    ...bench.peers.map(peer => ({ ...peer, url: pageOf(peer, project) })),
  ]
  const able = []
  for (const target of all) {
    const answer = await answerAs(target.url, form, gzip).catch(() => undefined)
    if (answer !== undefined)
      able.push({ ...target, headers: ask(form, gzip), etag: answer.headers.etag })
    else if (!target.optional)
      throw new Error(`${target.name}: ${target.url} does not give ${form}, gzip ${gzip}`)
  }
  return able
}

const measure = (bench, targets) =>
  interleaved(targets, bench.options.rounds, target =>
    requestsPerSecond(target, bench.options.seconds),
  )

const pageRow = async (bench, project, form, gzip, bounds) => {
  const targets = await targetsFor(bench, project, form, gzip)
  const files = project === 'few' ? 'few files' : '12,000 files'
  const work = `project page, ${files}, ${form.toUpperCase()}, ${gzip ? 'gzip' : 'plain'}`
  return rate(work, 'requests/s', await measure(bench, targets), bounds)
}

const unchangedRow = async bench => {
  const asked = await targetsFor(bench, 'few', 'html', true)
  const targets = []
  for (const target of asked) {
    const headers = { ...target.headers, 'If-None-Match': target.etag ?? '' }
    const { status } = await fetchRaw(target.url, headers)
    if (status === 304) targets.push({ ...target, headers })
  }
  const values = await measure(bench, targets)
  return rate('`If-None-Match` → 304', 'requests/s', values, [[bench.fixed.name, 0.4]])
}

/** The rows about project pages. */
export const pageRows = async (bench, add) => {
  const few = [
    [bench.fixed.name, 0.5],
    [bench.caching.name, 1],
  ]
  const many = [
    [bench.fixed.name, 0.6],
    [bench.caching.name, 20],
  ]
  await layPages(bench, 'few')
  await layPages(bench, 'longhistory')
  for (const form of ['html', 'json']) {
    for (const gzip of [true, false]) add(await pageRow(bench, 'few', form, gzip, few))
  }
  for (const form of ['html', 'json']) add(await pageRow(bench, 'longhistory', form, true, many))
  add(await unchangedRow(bench))
}
