/**
 * Uploads to processes that are killed, and to several at once: each file is wholly there or wholly
 * absent, what was acknowledged is there, and of several one wins.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { directoryOf } from '../fixtures/directory.ts'
import { buildProgram } from '../fixtures/cli.ts'
import { makeWheel, noise, type Dist } from '../fixtures/dist.ts'
import { listing, sha256 } from '../fixtures/listing.ts'
import { fetched, startProcess } from '../fixtures/server-process.ts'
import { gate } from '../fixtures/upstream.ts'

const program = await buildProgram()

const big = noise(300_000)

/** Uploads a file as clients do; the status of the answer, or that there was none. */
const upload = async (url: string, project: string, { filename, bytes }: Dist) => {
  const form = new FormData()
  for (const [key, value] of Object.entries({
    ':action': 'file_upload',
    protocol_version: '1',
    metadata_version: '2.1',
    name: project,
    version: filename.split('-')[1] ?? '',
    filetype: 'bdist_wheel',
    pyversion: 'py3',
    sha256_digest: createHash('sha256').update(bytes).digest('hex'),
  }))
    form.append(key, value)
  form.append('content', new Blob([bytes]), filename)
  // Node's fetch may wait for ever for an answer of a server that was killed, and keeps no process alive by it.
  const giveUp = new AbortController()
  const late = setTimeout(() => giveUp.abort(), 30_000)
  const { signal } = giveUp
  try {
    const response = await fetch(new URL('legacy/', url), { method: 'POST', body: form, signal })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 'broken'
  } finally {
    clearTimeout(late)
  }
}

const projectOf = ({ filename }: Dist) => filename.split('-')[0]?.replace('_', '-') ?? ''

t.test('kill -9 during uploads (P17, S42)', { timeout: 150_000 }, async t => {
  const rounds = 12
  const each = 6
  const directory = directoryOf(t)
  const args = ['-n', '-d', directory]
  const dists = Array.from({ length: rounds * each }, (_, index) =>
    makeWheel({
      name: `demo-${index % 7}`,
      version: `${index}.0`,
      files: { 'big.bin': big.subarray(0, 20_000 + ((index * 37_000) % 250_000)) },
    }),
  )
  const acknowledged = new Set<Dist>()
  for (let round = 0; round < rounds; round += 1) {
    const server = await startProcess(t, program, args)
    const mine = dists.slice(round * each, (round + 1) * each)
    const enough = gate()
    const least = acknowledged.size + (round % each)
    const uploading = mine.map(async dist => {
      if ((await upload(server.url, projectOf(dist), dist)) === 200) acknowledged.add(dist)
      if (acknowledged.size >= least) enough.open()
    })
    if (round % each > 0) await enough
    await pause(Math.random() * 30)
    await server.kill()
    await Promise.all(uploading)
  }
  t.ok(acknowledged.size >= 30, `${acknowledged.size} of ${dists.length} were acknowledged`)
  const server = await startProcess(t, program, args)
  const listed = new Map<string, string>()
  for (let project = 0; project < 7; project += 1)
    for (const { filename, hashes } of (await listing(server.url, `demo-${project}`)).files)
      listed.set(filename, hashes['sha256'] ?? '')
  for (const dist of dists) {
    const { filename, bytes } = dist
    const url = new URL(`packages/${projectOf(dist)}/${filename}`, server.url).href
    const has = await fetched(url)
    if (acknowledged.has(dist) || listed.has(filename)) {
      t.equal(listed.get(filename), sha256(bytes), `${filename} is listed`)
      t.equal(has, sha256(bytes))
    } else t.equal(has, 'status 404', `${filename} is wholly absent`)
  }
  const { stdout } = await program.run(directory, ['--json', 'ls'])
  const held = stdout.split('\n').filter(line => line !== '')
  t.equal(held.length, listed.size)
  for (const line of held)
    t.match(JSON.parse(line), { origin: /^uploaded by / }, 'with all that is known of it')
  for (const dist of dists)
    t.equal(await upload(server.url, projectOf(dist), dist), 200, 'and again it is taken')
  t.match(await program.run(directory, ['verify']), { code: 0, stdout: `${dists.length} files` })
  await server.stop()
  t.same(await readdir(join(directory, '.proxypypi/work/tmp')), [], 'nothing stays aside')
})

t.test('uploads of one name to three processes at once: one wins (P15)', async t => {
  const directory = directoryOf(t)
  const args = ['-n', '-d', directory]
  const servers = await Promise.all([1, 2, 3].map(() => startProcess(t, program, args)))
  for (let round = 1; round <= 5; round += 1) {
    const rivals = Array.from({ length: 10 }, (_, rival) =>
      makeWheel({ name: 'demo', version: `${round}.0`, extra: `Summary: ${rival}\n` }),
    )
    const results = await Promise.all(
      rivals.map((dist, rival) => upload(servers[rival % 3]?.url ?? '', 'demo', dist)),
    )
    const winners = rivals.filter((_, rival) => results[rival] === 200)
    t.equal(winners.length, 1, results.join())
    t.equal(results.filter(result => result === 409).length, 9)
    const [winner] = winners as [Dist]
    t.ok((await readFile(join(directory, 'demo', winner.filename))).equals(winner.bytes))
    for (const { url } of servers) {
      const { files } = await listing(url, 'demo')
      const file = files.find(({ filename }) => filename === winner.filename)
      t.equal(file?.hashes['sha256'], sha256(winner.bytes))
      t.equal(await fetched(file?.url ?? ''), sha256(winner.bytes))
    }
  }
})
