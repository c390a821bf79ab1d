import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import type { Recorded } from '../../src/journal/journal.ts'
import { readJournal } from '../../src/journal/read.ts'
import { makeSdist, makeWheel } from '../fixtures/dist.ts'
import { drop } from '../fixtures/indexes.ts'
import { serve, upstreamAt, type Served } from '../fixtures/serve.ts'
import { startUpstream, usualPath } from '../fixtures/upstream.ts'
import { ask, raw, request11 } from '../fixtures/wire.ts'

const wheel = makeWheel({ name: 'leaf-lib', version: '1.0', size: 200_000 })
const sdist = makeSdist({ name: 'leaf-lib', version: '1.0' })
const mine = makeWheel({ name: 'Acme.Util', version: '2.0' })
const path = usualPath(wheel)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const setUp = async (t: Test): Promise<Served> => {
  const upstream = await startUpstream(t)
  upstream.project('leaf-lib', [
    { ...wheel, hashes: {} },
    { filename: sdist.filename, bytes: sdist.bytes },
  ])
  const served = await serve(t, { upstreams: [upstreamAt(upstream.url.href)] })
  await drop(served.directory, mine.filename, mine.bytes)
  return served
}

/** What the journal holds when the server has ended. */
const journalOf = async (served: Served): Promise<Recorded[]> => {
  await served.close()
  const entries: Recorded[] = []
  for await (const entry of readJournal(new Layout(served.directory))) entries.push(entry)
  return entries
}

t.test('each whole file that goes out is noted: who, what, which client (need 42)', async t => {
  const served = await setUp(t)
  for (const agent of ['pip/24.0', 'uv/0.9.1', 'curl/8.0'])
    await ask(served.url, path, { headers: { 'user-agent': agent } })
  await ask(served.url, `/packages/acme-util/${mine.filename}`, {
    headers: { 'x-forwarded-for': '198.51.100.7' },
  })
  await ask(served.url, usualPath(sdist))
  const entries = await journalOf(served)
  const file = {
    event: 'download',
    address: '127.0.0.1',
    project: 'leaf-lib',
    version: '1.0',
    file: wheel.filename,
    sha256: sha256(wheel.bytes),
  }
  t.match(entries, [
    { ...file, agent: 'pip/24.0' },
    { ...file, agent: 'uv/0.9.1' },
    { ...file, agent: 'curl/8.0' },
    { project: 'acme-util', version: '2.0', sha256: sha256(mine.bytes), forwarded: '198.51.100.7' },
    { file: sdist.filename, sha256: sha256(sdist.bytes) },
  ])
  t.notOk('user' in (entries[0] ?? {}), 'anonymous')
})

t.test('what is no download is not noted', async t => {
  const served = await setUp(t)
  await ask(served.url, path)
  const { headers } = await ask(served.url, path, { method: 'HEAD' })
  const { etag = '' } = headers
  t.equal((await ask(served.url, path, { headers: { 'if-none-match': etag } })).status, 304)
  t.equal((await ask(served.url, path, { headers: { range: 'bytes=0-99' } })).status, 206)
  t.equal((await ask(served.url, path, { headers: { range: 'bytes=999999-' } })).status, 416)
  await ask(served.url, `${path}.metadata`)
  await ask(served.url, '/simple/leaf-lib/')
  await ask(served.url, path.replace('leaf_lib-1.0', 'leaf_lib-9.0'))
  t.equal((await journalOf(served)).length, 1, 'but for the first')
})

t.test('a part that ends the file is noted with its first byte', async t => {
  const served = await setUp(t)
  await ask(served.url, path)
  const last = wheel.bytes.length - 100
  await ask(served.url, path, { headers: { range: `bytes=${last}-` } })
  await ask(served.url, path, { headers: { range: 'bytes=0-' } })
  const entries = await journalOf(served)
  t.same(
    entries.map(({ from }) => from),
    [undefined, last, undefined],
  )
})

t.test('the client leaves its connection with its answer', async t => {
  const served = await setUp(t)
  for (let count = 0; count < 3; count++) await raw(served.url, request11(`GET ${path}`))
  const entries = await journalOf(served)
  t.same(
    entries.map(({ address }) => address),
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  )
})
