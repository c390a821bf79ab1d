import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeWheel } from './wheel.js'

/** The media type of the JSON form of the Simple Repository API. */
export const jsonType = 'application/vnd.pypi.simple.v1+json'

const sha256 = body => createHash('sha256').update(body).digest('hex')

const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const pathOf = (digest, filename) =>
  `packages/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest.slice(4)}/${filename}`

/** A file as the index lists it, of a wheel that exists. */
const listed = ({ filename, body, metadata, requiresPython = '>=3.8' }) => {
  const digest = sha256(body)
  return {
    filename,
    path: pathOf(digest, filename),
    sha256: digest,
    size: body.length,
    requiresPython,
    metadata: sha256(metadata),
  }
}

/** Files of a project with a long history, which exist on its page alone. */
const longHistory = count =>
  Array.from({ length: count }, (_, at) => {
    const version = `${Math.floor(at / 400)}.${Math.floor(at / 20) % 20}.${Math.floor(at / 4) % 5}`
    const tag = `cp3${8 + (at % 4)}`
    const filename = `longhistory-${version}-${tag}-${tag}-manylinux_2_17_x86_64.whl`
    const digest = sha256(filename)
    return {
      filename,
      path: pathOf(digest, filename),
      sha256: digest,
      size: 100_000 + at,
      requiresPython: '>=3.8',
      metadata: sha256(digest),
    }
  })

const anchor = file => {
  const hash = `sha256=${file.metadata}`
  return (
    `<a href="../../${file.path}#sha256=${file.sha256}" data-requires-python="${escape(file.requiresPython)}"` +
    ` data-dist-info-metadata="${hash}" data-core-metadata="${hash}">${file.filename}</a><br />`
  )
}

const html = (name, files) =>
  `<!DOCTYPE html>\n<html>\n  <head>\n    <meta name="pypi:repository-version" content="1.1">\n` +
  `    <title>Links for ${name}</title>\n  </head>\n  <body>\n    <h1>Links for ${name}</h1>\n` +
  `${files.map(anchor).join('\n')}\n</body>\n</html>\n`

const json = (name, files) =>
  JSON.stringify({
    meta: { 'api-version': '1.1' },
    name,
    versions: [...new Set(files.map(file => file.filename.split('-')[1]))],
    files: files.map(file => ({
      filename: file.filename,
      url: `../../${file.path}`,
      hashes: { sha256: file.sha256 },
      'requires-python': file.requiresPython,
      size: file.size,
      'upload-time': '2026-01-02T03:04:05.678901Z',
      yanked: false,
      'core-metadata': { sha256: file.metadata },
      'data-dist-info-metadata': { sha256: file.metadata },
    })),
  })

const put = async (path, body) => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, body)
}

const putWheel = async (directory, wheel) => {
  const file = listed(wheel)
  await put(join(directory, file.path), wheel.body)
  await writeFile(join(directory, `${file.path}.metadata`), wheel.metadata)
  return file
}

const putProject = async (directory, name, files) => {
  await put(join(directory, 'simple', name, 'index.html'), html(name, files))
  await writeFile(join(directory, 'simple', name, 'index.json'), json(name, files))
}

const putRoot = async (directory, names) => {
  const links = names.map(name => `<a href="/simple/${name}/">${name}</a><br />`)
  await put(join(directory, 'simple/index.html'), `<!DOCTYPE html>\n${links.join('\n')}\n`)
  const projects = names.map(name => ({ name }))
  await writeFile(
    join(directory, 'simple/index.json'),
    JSON.stringify({ meta: { 'api-version': '1.1' }, projects }),
  )
}

const projectOf = ({ filename }) =>
  filename
    .split('-')[0]
    .replaceAll(/[-_.]+/g, '-')
    .toLowerCase()

const make = async (directory, { installed, closure }) => {
  const fewWheels = Array.from({ length: 6 }, (_, at) =>
    makeWheel('few', `1.${at}`, randomBytes(9500)),
  )
  const few = []
  for (const wheel of fewWheels) few.push(await putWheel(directory, wheel))
  const big = await putWheel(directory, makeWheel('bigwheel', '1.0', randomBytes(150_000_000)))
  const projects = [
    ['few', few],
    ['bigwheel', [big]],
    ['longhistory', longHistory(12_000)],
  ]
  const wheels = new Map([...installed, ...closure].map(wheel => [wheel.filename, wheel]))
  const real = new Map()
  for (const wheel of wheels.values()) {
    const files = real.get(projectOf(wheel)) ?? []
    real.set(projectOf(wheel), [...files, await putWheel(directory, wheel)])
  }
  projects.push(...real)
  for (const [name, files] of projects) await putProject(directory, name, files)
  await putRoot(
    directory,
    projects.map(([name]) => name),
  )
  return { tiny: few[0], big, real: installed.length, closure: closure.length }
}

/**
 * The upstream's directory, shaped as PyPI is: the projects `few`, `bigwheel` (one of 150 MB) and
 * `longhistory` (12,000 files on its page) and those of the wheels that are found. Uses what an earlier run left there.
 */
export const makeSite = async (directory, findWheels) => {
  const memo = join(directory, 'site.json')
  const kept = await readFile(memo, 'utf8').catch(() => undefined)
  if (kept !== undefined) return { directory, ...JSON.parse(kept) }
  const site = await make(directory, await findWheels())
  await put(memo, JSON.stringify(site))
  return { directory, ...site }
}
