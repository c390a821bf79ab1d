import { createHmac } from 'node:crypto'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { Layout } from '../../src/disk/layout.ts'
import { Hooks, type HookEvent, type Send } from '../../src/hooks/hooks.ts'
import { jobScript } from '../../src/hooks/jenkins-script.ts'
import { usual, type Patience } from '../../src/hooks/patience.ts'
import { newIndexConfig, type IndexConfig } from '../../src/spec/index-config.ts'
import { userName, type UserName } from '../../src/spec/user-name.ts'
import { Poster } from '../../src/upstream/poster.ts'
import { directoryOf } from '../fixtures/directory.ts'
import { filenameOf, nameOf } from '../fixtures/index-contract.ts'
import { indexOf } from '../fixtures/named-indexes.ts'
import { startReceiver } from '../fixtures/receiver.ts'
import { MemoryLog, type Test } from '../fixtures/serve.ts'

/** Short pauses: what takes hours in real life. */
const quick: Patience = { pauses: [0.01], giveUp: 3600, answer: 5, look: 0.05 }

const alice = userName('alice') as UserName

const configOf = (settings: Readonly<Record<string, string>>): IndexConfig =>
  newIndexConfig(alice, { type: 'stage', ...settings })

/** The settings of all indexes as they are now. */
const configs = new Map<string, IndexConfig>()

const setHooks = (index: string, settings: Readonly<Record<string, string>>): IndexConfig => {
  const config = configOf(settings)
  configs.set(index, config)
  return config
}

/** Something that comes to an index which has these settings from now on. */
const eventFor = (settings: Readonly<Record<string, string>>, more: Partial<HookEvent> = {}) => ({
  index: indexOf('alice/dev'),
  config: setHooks(more.index ?? 'alice/dev', settings),
  project: nameOf('hello'),
  version: '1.0',
  files: [
    {
      filename: filenameOf('hello-1.0.tar.gz'),
      path: 'alice/dev/+f/abc/0123456789abc/hello-1.0.tar.gz',
      sha256: 'abc0'.repeat(16),
      size: 123,
    },
  ],
  user: 'alice',
  base: 'https://pypi.example/root/',
  ...more,
})

const sending = (t: Test): Send => {
  const poster = new Poster({ connect: 5, firstByte: 5, idle: 5 }, new MemoryLog())
  t.teardown(() => poster.close())
  return ({ url, headers, body }, signal) => {
    const bytes = Buffer.from(body)
    return poster.post(new URL(url), {
      headers,
      signal,
      length: bytes.length,
      async *open() {
        yield bytes
      },
    })
  }
}

const configNow = async (index: string) => configs.get(index)

const hooksAt = (t: Test, directory: string, patience = quick, send = sending(t)) => {
  const log = new MemoryLog()
  const hooks = new Hooks({
    layout: new Layout(directory),
    log,
    send,
    configOf: configNow,
    patience,
  })
  t.teardown(() => hooks.close())
  return { hooks, log }
}

const queued = (directory: string): Promise<string[]> =>
  readdir(new Layout(directory).hooks).catch(() => [])

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 3000; turn += 1) {
    if (await holds()) return
    await pause(10)
  }
  throw new Error(`never: ${what}`)
}

const allGone = (directory: string) =>
  until('the queue is empty', async () => (await queued(directory)).length === 0)

t.test('a webhook is told what came, and by whom', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const { hooks } = hooksAt(t, directory)
  hooks.start()
  const settings = { uploadtrigger_webhook: `${receiver.url}hook?x=1`, uploadtrigger_secret: 'key' }
  await hooks.uploaded(eventFor(settings))
  await hooks.pushed(eventFor(settings, { source: indexOf('bob/dev'), user: undefined }))
  await receiver.got(2)
  const [upload, push] = receiver.requests
  t.match(upload, { method: 'POST', path: '/hook?x=1' })
  const told = JSON.parse(String(upload?.body)) as { delivery: string; time: string }
  t.same(told, {
    event: 'upload',
    delivery: told.delivery,
    time: told.time,
    index: 'alice/dev',
    index_url: 'https://pypi.example/root/alice/dev',
    project: 'hello',
    version: '1.0',
    user: 'alice',
    files: [
      {
        filename: 'hello-1.0.tar.gz',
        url: 'https://pypi.example/root/alice/dev/+f/abc/0123456789abc/hello-1.0.tar.gz',
        hashes: { sha256: 'abc0'.repeat(16) },
        size: 123,
      },
    ],
  })
  const mac = createHmac('sha256', 'key')
    .update(upload?.body ?? '')
    .digest('hex')
  t.match(upload?.headers, {
    'content-type': 'application/json',
    'x-proxypypi-event': 'upload',
    'x-proxypypi-delivery': told.delivery,
    'x-proxypypi-signature': `sha256=${mac}`,
  })
  t.match(JSON.parse(String(push?.body)), { event: 'push', user: null, source: 'bob/dev' })
  await allGone(directory)
})

t.test('without a secret nothing is signed, without a hook nothing is sent', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const { hooks } = hooksAt(t, directory)
  hooks.start()
  await hooks.uploaded(eventFor({}))
  t.same(await queued(directory), [])
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await receiver.got(1)
  t.notOk('x-proxypypi-signature' in (receiver.requests[0]?.headers ?? {}))
  await allGone(directory)
  t.equal(receiver.requests.length, 1)
})

t.test("Jenkins gets a build's form in devpi-jenkins' shape [F29]", async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t, () => ({ status: 302, headers: { location: '/job' } }))
  const { hooks } = hooksAt(t, directory)
  hooks.start()
  const url = receiver.url.replace('//', '//ci:token-17@')
  const settings = { uploadtrigger_jenkins: `${url}job/{pkgname}/{pkgversion}/build` }
  await hooks.uploaded(eventFor(settings))
  await receiver.got(1)
  const [posted] = receiver.requests
  const authorization = `Basic ${Buffer.from('ci:token-17').toString('base64')}`
  t.match(posted, { method: 'POST', path: '/job/hello/1.0/build', headers: { authorization } })
  t.same([...(posted?.parts.keys() ?? [])], ['Submit', 'name', 'json', 'file0'])
  t.equal(posted?.field('Submit'), 'Build')
  t.equal(posted?.field('name'), 'jobscript.py')
  t.same(JSON.parse(posted?.field('json') ?? ''), {
    parameter: { name: 'jobscript.py', file: 'file0' },
  })
  t.match(posted?.parts.get('file0')?.[0]?.head, 'name="file0"; filename="file0"')
  const script = posted?.field('file0') ?? ''
  t.ok(script.startsWith('#!/'))
  t.match(script, 'indexurl = "https://pypi.example/root/alice/dev"\n')
  t.match(script, 'devpi_install_index = "https://pypi.example/root/alice/dev/+simple/"\n')
  t.match(script, 'testspec = "hello==1.0"\n')
  await allGone(directory)
  await hooks.pushed(eventFor(settings))
  t.same(await queued(directory), [], 'of pushes it is not told, as by devpi')
})

t.test('what stands in the script cannot leave its quotes', async t => {
  const script = jobScript('http://h/"\n+os.x', 'a==1"\\é\u{1f600}')
  t.match(script, 'indexurl = "http://h/\\"\\n+os.x"\n')
  t.match(script, 'testspec = "a==1\\"\\\\\\u00e9\\ud83d\\ude00"\n')
})

t.test('an attempt that fails is followed by another', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t, (_, count) =>
    count === 1 ? { status: 503 }
    : count === 2 ? { drop: true }
    : count === 3 ? { status: 302, headers: { location: '/elsewhere' } }
    : {},
  )
  const { hooks, log } = hooksAt(t, directory)
  hooks.start()
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await allGone(directory)
  t.equal(receiver.requests.length, 4)
  const ids = receiver.requests.map(({ headers }) => headers['x-proxypypi-delivery'])
  t.equal(new Set(ids).size, 1, 'always the same delivery')
  t.equal(new Set(receiver.requests.map(({ body }) => String(body))).size, 1)
  t.same(
    log.told.filter(({ level }) => level === 'error' || level === 'warn'),
    [
      {
        level: 'warn',
        message: 'hook not told yet',
        fields: { hook: 'alice/dev webhook', attempts: 1, reason: 'it answers 503' },
      },
    ],
    'said once, not at each attempt',
  )
})

t.test('what could not be sent waits for the next start', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t, (_, count) => (count === 1 ? { status: 500 } : {}))
  const before = hooksAt(t, directory, { ...quick, pauses: [3600], giveUp: 86_400 })
  before.hooks.start()
  await before.hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await until('it was tried', () =>
    before.log.told.some(({ message }) => message === 'hook not told yet'),
  )
  await before.hooks.close()
  await before.hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }, { version: '2.0' }))
  const files = await queued(directory)
  t.equal(files.length, 2)
  const { mode } = await stat(join(new Layout(directory).hooks, files[0] ?? ''))
  t.equal(mode & 0o077, 0, 'nobody else may read it')
  t.equal(receiver.requests.length, 1)
  const after = hooksAt(t, directory)
  after.hooks.start()
  await receiver.got(2)
  const told = JSON.parse(String(receiver.requests[1]?.body)) as { version: string }
  t.equal(told.version, '2.0', 'the other one is not due yet')
  t.ok(new Set<string>(await queued(directory)).has(files[0] ?? ''))
})

t.test('what waits for a receiver that its index has no longer is dropped', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const [webhook, jenkins] = [`${receiver.url}hook`, `${receiver.url}job/{pkgname}/build`]
  const settings = { uploadtrigger_webhook: webhook, uploadtrigger_jenkins: jenkins }
  const before = hooksAt(t, directory)
  for (const [name, now] of Object.entries({
    changed: {
      ...settings,
      uploadtrigger_webhook: `${receiver.url}new`,
      uploadtrigger_jenkins: '',
    },
    removed: {},
    deleted: undefined,
    kept: settings,
  })) {
    const index = indexOf(`alice/${name}`)
    await before.hooks.uploaded(eventFor(settings, { index }))
    if (now === undefined) configs.delete(index)
    else setHooks(index, now)
  }
  t.equal((await queued(directory)).length, 8)
  const { hooks, log } = hooksAt(t, directory)
  hooks.start()
  await allGone(directory)
  const paths = receiver.requests.map(({ path }) => path)
  t.same(paths.toSorted(), ['/hook', '/job/hello/build'])
  t.match(String(receiver.requests.find(({ path }) => path === '/hook')?.body), 'alice/kept')
  const dropped = log.told.filter(({ message }) => message.startsWith('a hook is dropped'))
  t.equal(dropped.length, 6)
})

t.test('it is signed with the secret that the index has when it is sent', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const settings = { uploadtrigger_webhook: receiver.url }
  await hooksAt(t, directory).hooks.uploaded(eventFor({ ...settings, uploadtrigger_secret: 'old' }))
  setHooks('alice/dev', { ...settings, uploadtrigger_secret: 'new' })
  hooksAt(t, directory).hooks.start()
  await receiver.got(1)
  const [told] = receiver.requests
  const mac = createHmac('sha256', 'new')
    .update(told?.body ?? '')
    .digest('hex')
  t.equal(told?.headers['x-proxypypi-signature'], `sha256=${mac}`)
  await allGone(directory)
})

t.test('a bad receiver delays neither an upload nor another receiver', async t => {
  const directory = directoryOf(t)
  const silent = await startReceiver(t, () => new Promise(() => {}))
  const good = await startReceiver(t)
  const { hooks } = hooksAt(t, directory, { ...quick, answer: 600 })
  hooks.start()
  for (const version of ['1.0', '2.0', '3.0'])
    await hooks.uploaded(eventFor({ uploadtrigger_webhook: silent.url }, { version }))
  await silent.got(1)
  const index = indexOf('alice/other')
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: good.url }, { index }))
  await good.got(1)
  await until('that is through', async () => (await queued(directory)).length === 3)
  t.equal(silent.requests.length, 1, 'it gets one at a time')
  await hooks.close()
  t.equal((await queued(directory)).length, 3, 'and nothing is lost')
})

t.test('a receiver that does not answer in time is tried again', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t, (_, count) =>
    count === 1 ? new Promise<never>(() => {}) : {},
  )
  const { hooks } = hooksAt(t, directory, { ...quick, answer: 0.2 })
  hooks.start()
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await receiver.got(2)
  await allGone(directory)
})

t.test('in the end it is given up, with one line', async t => {
  const directory = directoryOf(t)
  const { hooks, log } = hooksAt(t, directory, { ...quick, giveUp: 0.3 })
  hooks.start()
  await hooks.uploaded(
    eventFor({ uploadtrigger_webhook: 'http://name:secret-5@127.0.0.1:1/hook?token=secret-6' }),
  )
  await allGone(directory)
  await until('it is said', () => log.told.some(({ level }) => level === 'error'))
  const errors = log.told.filter(({ level }) => level === 'error')
  t.match(errors, [
    { message: /given up/, fields: { hook: 'alice/dev webhook', reason: /connection refused/ } },
  ])
  t.equal(errors.length, 1)
  t.notMatch(JSON.stringify(log.told), 'secret')
})

t.test('several processes over one directory send each message once', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const all = [1, 2, 3].map(() => hooksAt(t, directory, { ...quick, look: 0.01 }).hooks)
  for (const hooks of all) hooks.start()
  const versions = Array.from({ length: 30 }, (_, index) => `${index}.0`)
  const telling = versions.map(async (version, index) => {
    const event = eventFor({ uploadtrigger_webhook: receiver.url }, { version })
    await all[index % 3]?.uploaded(event)
  })
  await Promise.all(telling)
  await allGone(directory)
  const told = receiver.requests.map(
    ({ body }) => (JSON.parse(String(body)) as { version: string }).version,
  )
  t.same(told.toSorted(), versions.toSorted())
})

t.test('what another process has left is found', async t => {
  const directory = directoryOf(t)
  const receiver = await startReceiver(t)
  const { hooks } = hooksAt(t, directory)
  hooks.start()
  // It never starts to send, as if it had been killed at once.
  await hooksAt(t, directory).hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await receiver.got(1)
  await allGone(directory)
})

t.test('an upload is never refused for a hook that cannot be queued', async t => {
  const directory = directoryOf(t)
  const { hooks: path } = new Layout(directory)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, 'no directory')
  const { hooks, log } = hooksAt(t, directory)
  hooks.start()
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: 'http://127.0.0.1:1/' }))
  t.match(log.told, [{ level: 'error', message: /hook/ }])
})

t.test('broken files in the queue harm nobody', async t => {
  const directory = directoryOf(t)
  const { hooks: path } = new Layout(directory)
  await mkdir(path, { recursive: true })
  const id = `${'0'.repeat(9)}-${'a'.repeat(16)}`
  await writeFile(join(path, `${id}.json`), '{"message": 5}')
  await writeFile(join(path, 'README.json'), '{}')
  const receiver = await startReceiver(t)
  const { hooks } = hooksAt(t, directory)
  hooks.start()
  await hooks.uploaded(eventFor({ uploadtrigger_webhook: receiver.url }))
  await receiver.got(1)
})

t.test('a receiver may be away for a day', async t => {
  t.ok(usual.giveUp >= 86_400)
  t.ok(usual.pauses.every((pause, index) => pause > (usual.pauses[index - 1] ?? 0)))
})
