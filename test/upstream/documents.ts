import { chmod, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import type { UpstreamSettings } from '../../src/settings.ts'
import { UpstreamClient } from '../../src/upstream/client.ts'
import { DocumentStore } from '../../src/upstream/document-store.ts'
import { Documents } from '../../src/upstream/documents.ts'
import { HealthWatch } from '../../src/upstream/health.ts'
import { nameOf } from '../fixtures/index-contract.ts'
import { MemoryLog } from '../fixtures/serve.ts'
import { gate, startUpstream } from '../fixtures/upstream.ts'

const name = nameOf('leaf-lib')
const path = '/pypi/leaf-lib/json'

const setUp = async (t: Test, changes: Partial<UpstreamSettings> = {}) => {
  const upstream = await startUpstream(t)
  const layout = new Layout(t.testdir())
  const log = new MemoryLog()
  const settings = upstream.settings(changes)
  const client = new UpstreamClient(settings, { connect: 2, firstByte: 5, idle: 5 }, log, {})
  t.teardown(() => client.close())
  const health = new HealthWatch('fake', log)
  const store = new DocumentStore(layout, log, 'fake')
  const limits = { maxBytes: 100_000, timeout: 5 }
  const made = (offline: boolean) =>
    new Documents({ settings, client, store, health, limits, offline })
  const wish = {
    name,
    url: new URL(path, upstream.origin),
    accept: 'application/json',
    isUsable: () => true,
  }
  const file = layout.document('fake', name, wish.url.href)
  return { upstream, log, health, documents: made(false), offline: made(true), wish, file }
}

const old = new Date(Date.now() - 3_600_000)

t.test('kept, fresh for as long as upstream and settings allow, then confirmed', async t => {
  const { upstream, documents, wish, file } = await setUp(t)
  upstream.behave(path, {
    body: '{"a":1}',
    headers: { etag: '"x"', 'last-modified': 'Mon, 06 May 2024 07:08:09 GMT' },
  })
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}')
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}')
  t.equal(upstream.count(path), 1)
  await utimes(file, old, old)
  upstream.behave(path, { status: 304 })
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}')
  t.match(upstream.requests.at(-1)?.headers, {
    'if-none-match': '"x"',
    'if-modified-since': 'Mon, 06 May 2024 07:08:09 GMT',
    accept: 'application/json',
  })
  t.ok(
    (await stat(file)).mtimeMs > old.getTime() + 1000,
    'the confirmation is seen by every process',
  )
  await documents.get(wish)
  t.equal(upstream.count(path), 2)
  await documents.get({ ...wish, confirm: true })
  t.equal(upstream.count(path), 3)
})

t.test('upstream may want to be asked sooner', async t => {
  const { upstream, documents, wish } = await setUp(t)
  upstream.behave(path, { body: '{}', headers: { 'cache-control': 'no-cache' } })
  await documents.get(wish)
  await documents.get(wish)
  t.equal(upstream.count(path), 2)
})

t.test('a lack is believed for a minute; what was deleted stays', async t => {
  const { upstream, documents, wish, file } = await setUp(t)
  t.equal(await documents.get(wish), undefined)
  t.equal(await documents.get(wish), undefined)
  t.equal(upstream.count(path), 1)
  upstream.behave(path, { body: '{"a":1}' })
  t.ok(await documents.get({ ...wish, confirm: true }))
  await utimes(file, old, old)
  upstream.behave(path, { status: 410 })
  t.ok(await documents.get(wish))
  t.ok(await documents.get(wish))
  t.equal(upstream.count(path), 3)
})

t.test('a failure is not met again and again', async t => {
  const { upstream, documents, wish, file, health } = await setUp(t)
  upstream.behave(path, { status: 501 })
  await t.rejects(documents.get(wish), { message: /it answers 501/ })
  await t.rejects(documents.get(wish), /failed lately/)
  const { length } = upstream.requests
  upstream.behave('/other', { body: '{"a":1}' })
  const other = { ...wish, url: new URL('/other', wish.url) }
  await documents.get(other)
  t.equal(upstream.requests.length, length + 1)
  health.failed('it is down')
  await t.rejects(documents.get({ ...wish, url: new URL('/third', wish.url) }), /failed lately/)
  t.ok(await documents.get(other), 'what is held is served')
  t.notOk(await stat(file).catch(() => undefined))
})

t.test('a stale copy is given when confirming it takes long', async t => {
  const { upstream, documents, wish, file } = await setUp(t)
  upstream.behave(path, { body: '{"a":1}' })
  await documents.get(wish)
  await utimes(file, old, old)
  const before = gate()
  upstream.behave(path, { body: '{"a":2}', before })
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}')
  before.open()
  const renewed = await documents.get({ ...wish, confirm: true })
  t.equal(await renewed?.text(), '{"a":2}')
})

t.test('offline nobody is asked', async t => {
  const { upstream, documents, offline, wish, file } = await setUp(t)
  t.equal(await offline.get(wish), undefined)
  upstream.behave(path, { body: '{"a":1}' })
  await documents.get(wish)
  await utimes(file, old, old)
  t.equal(await (await offline.get({ ...wish, confirm: true }))?.text(), '{"a":1}')
  t.equal(upstream.count(), 1)
})

t.test('too large, too deep, not JSON, not what was wished', async t => {
  const { upstream, documents, wish } = await setUp(t)
  const get = (body: string, more: object = {}) => {
    upstream.behave(path, { body })
    return documents.get({ ...wish, confirm: true, ...more })
  }
  t.equal(await get('<html>'), undefined)
  t.equal(await get(`{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`), undefined)
  t.equal(await get('{"a":1}', { isUsable: () => false }), undefined)
  await t.rejects(get(`{"a":"${'x'.repeat(200_000)}"}`), /larger than/)
})

t.test('a torn or foreign file counts as none (fault S20)', async t => {
  const { upstream, documents, wish, file } = await setUp(t)
  upstream.behave(path, { body: '{"a":1}' })
  await documents.get(wish)
  const text = await readFile(file, 'utf8')
  for (const broken of [text.slice(0, -3), '', 'x', text.replace(wish.url.href, 'http://other/')]) {
    await writeFile(file, broken)
    t.equal(await (await documents.get(wish))?.text(), '{"a":1}', broken)
    t.equal(await readFile(file, 'utf8'), text)
  }
  await writeFile(file, text.replace('{"a":1}', '{"a":7}'))
  const wrong = await documents.get(wish)
  await t.rejects(async () => void (await wrong?.text()), /broken/)
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}', 'it is gone, and asked for again')
})

t.test('a disk that cannot be written: served all the same', async t => {
  const { upstream, documents, wish, file, log } = await setUp(t)
  await mkdir(dirname(dirname(file)), { recursive: true })
  await writeFile(dirname(file), 'in the way')
  upstream.behave(path, { body: '{"a":1}' })
  t.equal(await (await documents.get(wish))?.text(), '{"a":1}')
  t.match(
    log.told.filter(({ level }) => level !== 'debug'),
    [{ level: 'warn', message: 'document not kept' }],
  )
  await chmod(dirname(file), 0o600)
})
